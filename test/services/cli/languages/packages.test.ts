import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  debianName,
  fedoraPackage,
  howTo,
  npmPackage,
} from '../../../../services/cli/languages/packages.ts'

test('each system has its own package name for a model', () => {
  const names = (language: string) => [
    debianName(language),
    fedoraPackage(language),
    npmPackage(language),
  ]
  assert.deepEqual(names('chi_sim'), [
    'chi-sim',
    'tesseract-langpack-chi_sim',
    '@tesseract.js-data/chi_sim',
  ])
  assert.deepEqual(names('script/Fraktur'), ['script-frak', 'tesseract-script-fraktur', undefined])
  assert.deepEqual(names('script/Klingon'), [undefined, 'tesseract-script-klingon', undefined])
})

test('install commands list all languages at once, and npm only those that it has', () => {
  const text = howTo(['deu', 'script/HanS_vert'])
  assert.match(text, /apt: +sudo apt-get .* tesseract-ocr-deu tesseract-ocr-script-hans-vert$/m)
  assert.match(text, /dnf: .* tesseract-langpack-deu tesseract-script-hans_vert$/m)
  assert.match(text, /LANGUAGES="deu script-hans-vert"/)
  assert.match(text, /npm: +npm install @tesseract\.js-data\/deu$/m)
  assert.doesNotMatch(howTo(['script/Latin']), /npm/)
})

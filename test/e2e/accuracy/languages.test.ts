/**
 * Pages in other languages and scripts are read no worse than the command line reads them with the same models (word F1).
 * Pages, models and `tesseract` are used where they exist.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { defaultRecipe, type Recipe } from '../../../shared/contract/recipe.ts'
import { findLanguages } from '../../../shared/engine/tessdata.ts'
import { linkModels } from '../../../workers/ocr/engine/link-models.ts'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { createPageReadings } from '../../helpers/pages/page-readings.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const run = promisify(execFile)
const pages = inCorpus('pages')

/** The model of each set of pages. */
const sets: Record<string, string> = {
  'ocrd-deu-fraktur': 'script/Fraktur',
  'nzz-deu-newspaper': 'script/Fraktur',
  'nubis-fra-lat': 'fra',
  'fondue-spa': 'spa',
  kannada: 'kan',
}

/** Pages and their truth; skips the test where they, their model or the command line are missing. */
async function findPages(t: TestContext, set: string, language: string) {
  const truths = globSync(join(pages, set, '*.gt.txt')).toSorted()
  if (truths.length === 0) return t.skip(withoutCorpus(`pages/${set}`) || `${set} has no pages`)
  const version = await run('tesseract', ['--version']).catch(() => undefined)
  if (version === undefined) return t.skip('no tesseract is installed')
  try {
    const models = await findLanguages([language], defaultRecipe.oem, undefined)
    if (models.every(({ source }) => source === 'system')) return { models, truths }
    return t.skip(`the system has no model of ${language}`)
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError && thrown.code === 'unknown_language')) throw thrown
    return t.skip(thrown.message)
  }
}

function imageOf(truth: string): string {
  const [image] = globSync(truth.replace(/gt\.txt$/, '{jpg,png,tif}'))
  return image ?? assert.fail(`there is no image for ${truth}`)
}

async function readWith(recipe: Recipe, files: readonly string[]): Promise<string[]> {
  const readings = createPageReadings(recipe)
  try {
    const texts: string[] = []
    for (const file of files) texts.push((await readings.read(readFileSync(file))).text)
    return texts
  } finally {
    await readings.close()
  }
}

/** Texts of pages that the tesseract command reads, one at a time on one core. */
async function readByCommand(
  models: Parameters<typeof linkModels>[0],
  files: readonly string[],
): Promise<string[]> {
  const { folder, names, remove } = linkModels(models)
  const env = { ...process.env, OMP_THREAD_LIMIT: '1' }
  const how = ['--tessdata-dir', folder, '-l', names.join('+'), '--psm', '3']
  try {
    const texts: string[] = []
    for (const file of files) {
      texts.push((await run('tesseract', [file, 'stdout', ...how], { env })).stdout)
    }
    return texts
  } finally {
    remove()
  }
}

for (const [set, language] of Object.entries(sets)) {
  test(`${set} is read with ${language} no worse than by the command line`, async (t) => {
    const found = await findPages(t, set, language)
    if (found === undefined) return
    const { models, truths } = found
    const files = truths.map(imageOf)
    const f1Of = (texts: readonly string[]): number => {
      const each = truths.map((truth, at) => wordF1(readFileSync(truth, 'utf8'), texts[at] ?? ''))
      return (100 * each.reduce((sum, value) => sum + value, 0)) / each.length
    }
    const [ours, theirs] = await Promise.all([
      readWith({ ...defaultRecipe, languages: [language] }, files).then(f1Of),
      readByCommand(models, files).then(f1Of),
    ])
    t.diagnostic(`F ${ours.toFixed(1)}, the command line's ${theirs.toFixed(1)}`)
    assert.ok(ours >= theirs, `${ours.toFixed(1)}, and ${theirs.toFixed(1)}`)
  })
}

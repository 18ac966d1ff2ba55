import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { formatUnread, readPlain } from '../../../../scripts/tools/eval/plain.ts'
import { makeFolder } from '../../../helpers/folder.ts'

/** A stand-in for tesseract that knows `eng`, reads `a.png`, and fails at other files in the ways of the command. */
const script = `#!/bin/sh
case "$1" in
  --list-langs) printf 'List of available languages in "/data/" (2):\\neng\\nosd\\n' ;;
  *a.png) echo 'the text' ;;
  *.pdf) echo 'Error in pixReadStream: Pdf reading is not supported' >&2; exit 1 ;;
  *) kill -9 $$ ;;
esac
`

function setUp(t: TestContext, command = script) {
  const folder = makeFolder(t)
  const file = join(folder, 'tesseract')
  writeFileSync(file, command)
  chmodSync(file, 0o755)
  return (given: { languages?: string; path?: string } = {}) =>
    readPlain({
      root: '/pages',
      hasTruth: true,
      paths: ['a.png', 'b.pdf', 'c.png'],
      folder,
      languages: given.languages ?? 'eng',
      environment: { PATH: given.path ?? `${folder}:${process.env['PATH']}` },
      stopping: new AbortController().signal,
    })
}

test('the comparison distinguishes unsupported formats from failures of the command', async (t) => {
  const found = await setUp(t)()
  assert.equal(readFileSync(join(found.texts, 'a.png.txt'), 'utf8'), 'the text\n')
  assert.deepEqual(found.unopened, ['b.pdf'])
  assert.deepEqual(
    found.failed.map(({ path }) => path),
    ['c.png'],
  )
  assert.deepEqual(formatUnread(found), [
    'pages that plain tesseract cannot open: 1',
    'plain tesseract failed: c.png: SIGKILL',
  ])
})

test('a missing language is no page in an unknown format', async (t) => {
  await assert.rejects(setUp(t)({ languages: 'eng+chi_sim' }), {
    message:
      '--against plain: tesseract lacks chi_sim in /data/ (apt-get install tesseract-ocr-chi-sim, or TESSDATA_PREFIX)',
  })
})

test('a missing command and a command that does not start have errors of their own', async (t) => {
  await assert.rejects(setUp(t)({ path: makeFolder(t) }), /needs the tesseract command \(apt-get/)
  const broken = "#!/bin/sh\necho 'libtesseract.so.5: cannot open' >&2\nexit 127\n"
  await assert.rejects(setUp(t, broken)(), /that starts: libtesseract\.so\.5: cannot open/)
})

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { PDFDocument, PDFName, PDFString } from '@cantoo/pdf-lib'
import { outputFiles, outcomesOf, readText } from '../../helpers/outcome.ts'
import { writeOld } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { pdfOf, scanOf, type PdfPageSource } from '../../helpers/pages/scanned-pdf.ts'
import { pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const skip = withoutTools('qpdf', 'pdftotext')
const realEngine = { SCRIPTORIUM_ENGINE: 'tesseract.js' }
/** Not all of it is ASCII: programs differ in how they take the rest. */
const password = 'heron-and-lantern-größe'
const asciiOfPassword = 'heron-and-lantern'
const link = 'https://example.org/chart'

const kinds: Readonly<Record<string, readonly string[]>> = {
  'rc4-128.pdf': ['--allow-weak-crypto', '--encrypt', password, 'owner', '128', '--use-aes=n'],
  'aes-128.pdf': ['--allow-weak-crypto', '--encrypt', password, 'owner', '128', '--use-aes=y'],
  'aes-256.pdf': ['--encrypt', password, 'owner', '256'],
}

/** A PDF of these pages with a link on the first one and a bookmark. */
async function linked(pages: readonly PdfPageSource[]): Promise<Uint8Array> {
  const made = await PDFDocument.load(pdfOf(pages))
  const [first] = made.getPages()
  assert.ok(first)
  const { context } = made
  const action = { S: 'URI', URI: PDFString.of(link) }
  const annotation = { Type: 'Annot', Subtype: 'Link', Rect: [0, 0, 90, 90], A: action }
  first.node.set(PDFName.of('Annots'), context.obj([context.register(context.obj(annotation))]))
  const root = context.nextRef()
  const chapter = { Title: PDFString.of('A chapter'), Parent: root, Dest: [first.ref, 'Fit'] }
  const item = context.register(context.obj(chapter))
  context.assign(root, context.obj({ Type: 'Outlines', First: item, Last: item, Count: 1 }))
  made.catalog.set(PDFName.of('Outlines'), root)
  return made.save()
}

function encrypt(plain: string, kind: string): Buffer {
  const locked = `${plain}.locked`
  const made = runTool('qpdf', [...(kinds[kind] ?? []), '--', plain, locked])
  assert.equal(made.status, 0, made.stderr)
  const bytes = readFileSync(locked)
  rmSync(locked)
  return bytes
}

const pagesOf = (pdf: string): number => Number(runTool('qpdf', ['--show-npages', pdf]).stdout)
const plainOf = (pdf: string): string =>
  runTool('qpdf', ['--qdf', '--object-streams=disable', pdf, '-']).stdout

/** Valid, not encrypted, and with this many pages and links. */
function assertOpen(pdf: string, pages: number, links: number): void {
  const checked = runTool('qpdf', ['--check', pdf])
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
  assert.match(checked.stdout, /File is not encrypted/)
  assert.equal(pagesOf(pdf), pages)
  assert.equal(plainOf(pdf).split(link).length - 1, links, 'links')
}

/** Every file that a run has left, by its path. */
const filesIn = (folder: string): Map<string, Buffer> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file)]),
  )

/** Neither the content nor the name of any file contains it, nor does the output. */
function assertNowhere(folder: string, said: string): void {
  for (const [file, content] of filesIn(folder)) {
    assert.ok(!file.includes(asciiOfPassword), file)
    assert.ok(!content.includes(asciiOfPassword), file)
  }
  assert.ok(!said.includes(asciiOfPassword))
}

test(
  'Encrypted scans become unencrypted searchable PDFs, with any encryption',
  { skip },
  async (t) => {
    const scene = createScene(t)
    const pages = await Promise.all(
      ['seeds.png', 'stars.png'].map((name) => scanOf(join(repository, 'samples', name), 200)),
    )
    const plain = join(scene.folder, 'plain')
    writeFileSync(plain, await linked(pages))
    for (const kind of Object.keys(kinds)) writeOld(join(scene.input, kind), encrypt(plain, kind))
    const command = [scene.input, '--formats', 'txt,pdf', '--combined', '--pdf-password', password]
    const run = await scene.run(command, realEngine)
    assert.equal(run.code, 0, run.stderr)
    for (const path of Object.keys(kinds)) {
      const pdf = join(scene.out, `${path}.pdf`)
      assertOpen(pdf, pages.length, 1)
      assert.match(plainOf(pdf), /A chapter/)
      assert.ok(readText(scene.out, path).length > 200)
      assert.ok(wordF1(readText(scene.out, path), pdfTextOf(pdf)) >= 0.99, path)
    }
    const combined = join(scene.out, 'results.pdf')
    assertOpen(combined, 3 * pages.length, 3)
    const texts = readFileSync(join(scene.out, 'results.txt'), 'utf8')
    assert.ok(wordF1(texts, pdfTextOf(combined)) >= 0.99)
    assertNowhere(scene.folder, run.stdout + run.stderr)
  },
)

test(
  'Without the password only the PDF is left out, with the cure; with it, the PDF is written and stays',
  { skip },
  async (t) => {
    const scene = createScene(t)
    const plain = join(scene.folder, 'plain')
    const page = { width: 595, height: 842, text: { lines: ['Under lock.'], mode: 0 as const } }
    writeFileSync(plain, await linked([page]))
    writeOld(join(scene.input, 'a.pdf'), encrypt(plain, 'aes-256.pdf'))
    const pdf = join(scene.out, 'a.pdf.pdf')
    const said: string[] = []
    const run = async (formats: string, given: string[] = [], code = 0) => {
      const ended = await scene.run([scene.input, '--formats', formats, ...given])
      assert.equal(ended.code, code, ended.stderr)
      said.push(ended.stdout, ended.stderr)
      return ended
    }
    await run('txt', ['--pdf-password', password])
    assert.deepEqual(outcomesOf(scene.out), { 'a.pdf': 'succeeded' })

    const without = await run('txt,pdf', [], 2)
    assert.deepEqual(outputFiles(scene.out), ['a.pdf.txt'])
    const cure = 'run again with --formats pdf and --pdf-password'
    assert.match(
      without.stderr,
      new RegExp(`^a.pdf: not written as pdf: password_required: .*${cure}`, 'm'),
    )
    assert.match(without.stdout, /^1 could not be written in every format/m)
    const wrong = await run('txt,pdf', ['--pdf-password', 'otter'], 2)
    assert.deepEqual(outputFiles(scene.out), ['a.pdf.txt'])
    assert.match(wrong.stderr, /^a.pdf: not written as pdf: password_wrong: /m)
    await run('txt,pdf', ['--pdf-password', password])
    assertOpen(pdf, 1, 1)
    assert.match(pdfTextOf(pdf), /Under lock/)

    const written = readFileSync(pdf)
    rmSync(join(scene.out, 'a.pdf.txt'))
    await run('txt,pdf')
    assert.ok(existsSync(join(scene.out, 'a.pdf.txt')), 'the missing PDF is written again')
    assert.ok(readFileSync(pdf).equals(written), 'a PDF that cannot be written again stays')
    assertNowhere(scene.folder, said.join('\n'))
  },
)

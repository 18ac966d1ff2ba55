import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { degrees, PDFDocument, PDFName, PDFString } from '@cantoo/pdf-lib'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { decoder } from '../../helpers/pages/output-decoder.ts'
import { makeFolder, placeOf } from '../../helpers/folder.ts'
import { makeLine, makeScan, scanOf, wordsOf } from '../../helpers/pages/scan.ts'
import { boxesOf, pdfTextOf, runTool, withoutTools } from '../../helpers/tools.ts'

const skip = withoutTools('qpdf', 'pdftotext')
const resolution = 150

const line = makeLine(
  [
    ['Under', [100, 100, 220, 138]],
    ['its', [240, 100, 280, 130]],
    ['picture', [300, 100, 440, 138]],
  ],
  [100, 130, 440, 130],
)

/** A PDF with a page for each of these, its /Rotate and its crop box, and a link and a bookmark. */
async function makeInput(
  pages: readonly { rotation: number; hasCrop: boolean }[],
): Promise<PDFDocument> {
  const made = await PDFDocument.create()
  for (const { rotation, hasCrop } of pages) {
    const page = made.addPage([500, 700])
    page.drawRectangle({ x: 30, y: 30, width: 100, height: 50 })
    page.setRotation(degrees(rotation))
    if (hasCrop) page.setCropBox(40, 60, 400, 560)
  }
  const [first] = made.getPages()
  if (first === undefined) return made
  const { context } = made
  const link = context.obj({
    Type: 'Annot',
    Subtype: 'Link',
    Rect: [0, 0, 10, 10],
    A: { S: 'URI', URI: PDFString.of('https://example.org/a(b)') },
  })
  first.node.set(PDFName.of('Annots'), context.obj([context.register(link)]))
  const root = context.nextRef()
  const item = context.register(
    context.obj({ Title: PDFString.of('A chapter'), Parent: root, Dest: [first.ref, 'Fit'] }),
  )
  context.assign(root, context.obj({ Type: 'Outlines', First: item, Last: item, Count: 1 }))
  made.catalog.set(PDFName.of('Outlines'), root)
  return made
}

/** The result of a page with this displayed size in points. */
const scan = (
  page: number,
  width: number,
  height: number,
  given: Partial<PageResult> = {},
): PageResult =>
  makeScan([line], {
    page,
    width: Math.ceil((width * resolution) / 72),
    height: Math.ceil((height * resolution) / 72),
    dpi: resolution,
    ...given,
  })

async function overlay(
  t: TestContext,
  bytes: Uint8Array,
  pages: readonly PageResult[],
  password?: string,
) {
  const folder = makeFolder(t)
  const file = join(folder, 'a.png')
  writeFileSync(file, bytes)
  const document = scanOf(file, 'application/pdf', pages)
  const input = { file: placeOf(file), decoder, ...(password !== undefined && { password }) }
  const { unavailable } = await createOutputFiles(folder).write(document, ['pdf'], input)
  return { pdf: `${file}.pdf`, reasons: unavailable.map(({ code }) => code) }
}

function assertClean(pdf: string): void {
  const checked = runTool('qpdf', ['--check', pdf])
  assert.equal(checked.status, 0, checked.stdout + checked.stderr)
}

function assertPlaced(pdf: string, pages: readonly PageResult[]): void {
  const found = boxesOf(pdf)
  for (const { text, bbox, page } of wordsOf(pages)) {
    const word = found.find((each) => each.text === text && each.page === page)
    assert.ok(word, `${text} on page ${page}`)
    const wanted = [bbox.x0, bbox.y0, bbox.x1, bbox.y1]
    word.box.forEach((points, side) => {
      const off = Math.abs((points * resolution) / 72 - (wanted[side] ?? 0))
      assert.ok(off <= 3, `${text} on page ${page} is off by ${off} pixels`)
    })
  }
}

for (const useObjectStreams of [true, false]) {
  test(
    `pages in every rotation get their text, and are otherwise unchanged (streams: ${useObjectStreams})`,
    { skip },
    async (t) => {
      const turns = [0, 90, 180, 270].map((rotation) => ({ rotation, hasCrop: false }))
      const input = await (await makeInput(turns)).save({ useObjectStreams })
      const pages = turns.map(({ rotation }, index) =>
        rotation % 180 === 0 ? scan(index + 1, 500, 700) : scan(index + 1, 700, 500),
      )
      const { pdf } = await overlay(t, input, pages)
      assertClean(pdf)
      assertPlaced(pdf, pages)
      assert.ok(
        readFileSync(pdf).subarray(0, input.length).equals(input),
        'it starts with the original',
      )
      assert.ok(statSync(pdf).size <= input.length * 1.05 + 4 * 40_960)
      const kept = runTool('qpdf', ['--qdf', '--object-streams=disable', pdf, '-']).stdout
      assert.match(kept, /https:\/\/example\.org\/a\(b\)|https:\/\/example\.org\/a\\\(b\\\)/)
      assert.match(kept, /A chapter/)
    },
  )
}

test('coordinates of a cropped page start at the visible corner', { skip }, async (t) => {
  const turns = [0, 90, 180, 270].map((rotation) => ({ rotation, hasCrop: true }))
  const input = await (await makeInput(turns)).save()
  const pages = turns.map(({ rotation }, index) =>
    rotation % 180 === 0 ? scan(index + 1, 400, 560) : scan(index + 1, 560, 400),
  )
  const { pdf } = await overlay(t, input, pages)
  assertClean(pdf)
  const content = join(makeFolder(t), 'cropped.pdf')
  // Without -cropbox pdftotext counts from the media box: set here, it gives places on the displayed page.
  const cut = await PDFDocument.load(readFileSync(pdf))
  for (const page of cut.getPages()) page.setMediaBox(40, 60, 400, 560)
  writeFileSync(content, await cut.save())
  assertPlaced(content, pages)
})

test(
  'a page with its own text gets none, and if all have text, nothing is added',
  { skip },
  async (t) => {
    const input = await (await makeInput([{ rotation: 0, hasCrop: false }])).save()
    const { pdf } = await overlay(t, input, [scan(1, 500, 700, { textSource: 'layer' })])
    assert.ok(readFileSync(pdf).equals(input))
  },
)

test('a PDF with wrong cross-references is repaired', { skip }, async (t) => {
  const input = Buffer.from(
    await (await makeInput([{ rotation: 0, hasCrop: false }])).save({ useObjectStreams: false }),
  )
  const damaged = Buffer.concat([
    input.subarray(0, 20),
    Buffer.from('% moved\n'),
    input.subarray(20),
  ])
  const { pdf } = await overlay(t, damaged, [scan(1, 500, 700)])
  assertClean(pdf)
  assertPlaced(pdf, [scan(1, 500, 700)])
})

test('an encrypted PDF needs its password', { skip }, async (t) => {
  const folder = makeFolder(t)
  const [plain, locked] = [join(folder, 'plain.pdf'), join(folder, 'locked.pdf')]
  writeFileSync(plain, await (await makeInput([{ rotation: 0, hasCrop: false }])).save())
  runTool('qpdf', ['--encrypt', 'open sesame', 'owner', '256', '--', plain, locked])
  const input = readFileSync(locked)
  assert.deepEqual((await overlay(t, input, [scan(1, 500, 700)])).reasons, ['password_required'])
  assert.deepEqual((await overlay(t, input, [scan(1, 500, 700)], 'other')).reasons, [
    'password_wrong',
  ])
  const { pdf, reasons } = await overlay(t, input, [scan(1, 500, 700)], 'open sesame')
  assert.deepEqual(reasons, [])
  assertClean(pdf)
  assertPlaced(pdf, [scan(1, 500, 700)])
})

for (const [kind, ...given] of [
  ['RC4-40', '40'],
  ['RC4-128', '128', '--use-aes=n'],
  ['AES-128', '128', '--use-aes=y'],
  ['AES-256, revision 5', '256', '--force-R5'],
  ['AES-256', '256'],
]) {
  test(
    `${kind} opens with either password, in any Unicode normalisation of it`,
    { skip },
    async (t) => {
      const folder = makeFolder(t)
      const [plain, locked] = [join(folder, 'plain.pdf'), join(folder, 'locked.pdf')]
      writeFileSync(plain, await (await makeInput([{ rotation: 0, hasCrop: false }])).save())
      const passwords = ['größe', 'Schlüssel']
      const modes = kind === 'AES-256' ? ['unicode'] : ['unicode', 'bytes']
      for (const mode of modes) {
        const taken = [`--password-mode=${mode}`, '--allow-weak-crypto', '--encrypt', ...passwords]
        const made = runTool('qpdf', [...taken, ...given, '--', plain, locked])
        assert.equal(made.status, 0, made.stderr)
        for (const password of passwords) {
          const pages = [scan(1, 500, 700)]
          const { pdf, reasons } = await overlay(t, readFileSync(locked), pages, password)
          assert.deepEqual(reasons, [], `${mode} ${password}`)
          assertClean(pdf)
          assertPlaced(pdf, pages)
        }
      }
    },
  )
}

test('an invalid PDF gives no PDF and an error', { skip }, async (t) => {
  const junk = Buffer.from('%PDF-1.4\nnot much of one')
  assert.deepEqual((await overlay(t, junk, [scan(1, 500, 700)])).reasons, ['corrupt_pdf'])
})

test('a single page of a PDF can be extracted', { skip }, async (t) => {
  const turns = [0, 90].map((rotation) => ({ rotation, hasCrop: false }))
  const folder = makeFolder(t)
  const file = join(folder, 'a.png')
  writeFileSync(file, await (await makeInput(turns)).save())
  const pages = [scan(2, 700, 500)]
  const document = scanOf(file, 'application/pdf', pages)
  await createOutputFiles(folder).write(document, ['pdf'], {
    file: placeOf(file),
    decoder,
    page: 2,
  })
  assertClean(`${file}.pdf`)
  assert.equal(pdfTextOf(`${file}.pdf`).trim(), 'Under its picture')
  assertPlaced(`${file}.pdf`, [scan(1, 700, 500)])
})

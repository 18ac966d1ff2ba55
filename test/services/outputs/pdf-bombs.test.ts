import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import sharp from 'sharp'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import { createDecoder, type Decoder } from '../../../services/outputs/decoder/decoder.ts'
import type { FailedPage, PageResult } from '../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { readableTypeOf } from '../../../shared/files/media-types.ts'
import { objectStreamBomb, vastGif } from '../../helpers/pages/bombs.ts'
import { drawing, height, scan, width } from '../../helpers/pages/drawing.ts'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { makeFolder, placeOf } from '../../helpers/folder.ts'
import { scanOf } from '../../helpers/pages/scan.ts'

const hostile = inCorpus('faults/hostile')
const mebibyte = 2 ** 20
const maxBytes = 160 * mebibyte

function makeDecoder(t: TestContext): Decoder {
  const decoder = createDecoder({ maxBytes })
  t.after(() => decoder.close())
  return decoder
}

interface Written {
  bytes: Buffer
  decoder: Decoder
  pages?: readonly PageResult[]
  failedPages?: FailedPage[]
  signal?: AbortSignal
}

async function writePdf(t: TestContext, given: Written) {
  const { bytes, decoder, pages = [scan()], failedPages = [], signal } = given
  const folder = makeFolder(t)
  const file = join(folder, 'given')
  writeFileSync(file, bytes)
  const document = scanOf(file, await readableTypeOf(bytes), pages, { path: 'given', failedPages })
  const files = createOutputFiles(folder)
  const input = { file: placeOf(file), decoder, signal }
  const { hashes, unavailable } = await files.write(document, ['txt', 'pdf'], input)
  return { hashes, codes: unavailable.map(({ code }) => code), pdf: `${file}.pdf` }
}

/** Peak memory of this process so far. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1_024

const bombs = {
  'a GIF of 100 megapixels in 35 bytes': vastGif(),
  'a PDF whose object stream inflates to 150 MB': objectStreamBomb(150e6),
}

for (const [name, bytes] of Object.entries(bombs)) {
  test(`${name} has its text and no PDF, uses none of our memory, and does not delay the next`, async (t) => {
    const decoder = makeDecoder(t)
    const before = peakBytes()
    const { hashes, codes } = await writePdf(t, { bytes, decoder })
    assert.deepEqual([Object.keys(hashes), codes], [['txt'], ['too_much_memory']])
    const grown = (peakBytes() - before) / mebibyte
    assert.ok(grown < 100, `this process has grown by ${grown} MiB`)
    const png = await drawing().png().toBuffer()
    assert.deepEqual((await writePdf(t, { bytes: png, decoder })).codes, [])
  })
}

test(
  'the files of the archive are written or rejected with a code',
  { skip: withoutCorpus('faults/hostile') },
  async (t) => {
    const decoder = makeDecoder(t)
    const before = peakBytes()
    const refusals: Record<string, string> = {
      'avif-ok64.avif': 'too_much_memory',
      'gif-ok100.gif': 'too_much_memory',
      'png-rgba16i-ok100.png': 'too_much_memory',
    }
    for (const name of [...Object.keys(refusals), 'pdf-laughs.pdf', 'pdf-jbig2.pdf']) {
      const { codes } = await writePdf(t, { bytes: readFileSync(join(hostile, name)), decoder })
      assert.deepEqual(codes, refusals[name] === undefined ? [] : [refusals[name]], name)
    }
    const { codes } = await writePdf(t, {
      bytes: readFileSync(join(hostile, 'pdf-objstm-2x.pdf')),
      decoder,
    })
    assert.ok(codes.every((code) => ['too_much_memory', 'decode_timeout'].includes(code)))
    const grown = (peakBytes() - before) / mebibyte
    assert.ok(grown < 100, `this process has grown by ${grown} MiB`)
  },
)

/** A decoder, and a record of its calls. */
function watch(decoder: Decoder, onAsk: (name: string, argument: unknown) => void): Decoder {
  return {
    ...decoder,
    open(signal) {
      const decoding = decoder.open(signal)
      return {
        ...decoding,
        ask(name, argument) {
          onAsk(name, argument)
          return decoding.ask(name, argument)
        },
      }
    },
  }
}

test('a rejected page is not decoded: it is empty, with the size of its header', async (t) => {
  const page = await drawing().png().toBuffer()
  const bytes = await sharp([page, page], { join: { animated: true } })
    .tiff({ compression: 'lzw' })
    .toBuffer()
  const decoded: unknown[] = []
  const decoder = watch(makeDecoder(t), (name, argument) => {
    if (name === 'picture') decoded.push(argument)
  })
  const error = { code: 'too_much_memory', message: 'too much' }
  const failedPages: FailedPage[] = [{ page: 2, outcome: 'rejected', error }]
  const { codes, pdf } = await writePdf(t, { bytes, decoder, failedPages })
  assert.deepEqual([codes, decoded], [[], [{ page: 1 }]])
  const boxes = [...readFileSync(pdf, 'latin1').matchAll(/MediaBox\[0 0 (\S+) (\S+)\]/g)]
  const shapes = boxes.map(([, right, top]) => (Number(right) / Number(top)).toFixed(2))
  assert.deepEqual(shapes, [(width / height).toFixed(2), (width / height).toFixed(2)])
})

test('a JPEG is written without the decoder', async (t) => {
  const bytes = await drawing().jpeg().toBuffer()
  const decoder = makeDecoder(t)
  const none: Decoder = {
    ...decoder,
    open: () => assert.fail('it was requested'),
  }
  const { codes, pdf } = await writePdf(t, { bytes, decoder: none })
  assert.deepEqual(codes, [])
  assert.ok(readFileSync(pdf).includes(bytes))
})

test('cancelling a run releases the decoder, and the document keeps its text', async (t) => {
  const ending = new AbortController()
  const reason = new ScriptoriumError('cancelled', 'its run was cancelled')
  const plain = makeDecoder(t)
  const decoder = watch(plain, (name) => {
    if (name === 'describePdf') setTimeout(() => ending.abort(reason), 50)
  })
  const bytes = objectStreamBomb(150e6)
  const writing = writePdf(t, { bytes, decoder, signal: ending.signal })
  const png = await drawing().png().toBuffer()
  assert.deepEqual((await writePdf(t, { bytes: png, decoder: plain })).codes, [])
  const { hashes, codes } = await writing
  assert.deepEqual([Object.keys(hashes), codes], [['txt'], ['cancelled']])
})

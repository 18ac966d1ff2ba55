/** The process that decodes a document's pictures and parses its PDF for output. */
import { serveCalls } from '../../../shared/confined/serve.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { readableTypeOf, readableTypes } from '../../../shared/files/media-types.ts'
import type { Picture } from '../decoder/picture.ts'
import { openPictures, type Pictures } from './images/pictures.ts'
import { readWholeInput } from './file/input-file.ts'
import { copyPdf, describePdf, type ParsedPdf } from './parse/parse-pdf.ts'
import type { DecoderCalls, PictureAnswer } from '../decoder/calls.ts'

const pieceBytes = 1_048_576

const held = createHeld()
let pictures: Pictures | undefined
let pdf: ParsedPdf | undefined

const forget = (): void => {
  pictures = undefined
  pdf = undefined
  held.hold([])
}

serveCalls<DecoderCalls>({
  async openImages({ file, sha256, mediaType, ...limits }) {
    forget()
    const bytes = await readWholeInput(file, sha256)
    const known = readableTypes.find((type) => type === mediaType)
    pictures = openPictures(bytes, known ?? (await readableTypeOf(bytes)), limits)
    return { pagesTotal: pictures.pagesTotal }
  },
  async picture({ page }) {
    try {
      const image = await opened(pictures).page(page)
      held.hold([...(image.mask?.data ?? []), ...image.data])
      return { ...headOf(image), orientation: image.orientation }
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      return { refused: { code: thrown.code, message: thrown.message } }
    }
  },
  size: ({ page }) => opened(pictures).size(page) ?? null,
  async describePdf({ file, sha256, password }) {
    forget()
    const { parsed, rebuilt, ...answer } = await describePdf(
      await readWholeInput(file, sha256),
      password,
    )
    pdf = parsed
    held.hold(rebuilt === undefined ? [] : [rebuilt])
    return { ...answer, ...(rebuilt !== undefined && { rebuiltBytes: rebuilt.length }) }
  },
  async copyPdf({ file, sha256, password, ...copy }) {
    forget()
    pdf = await copyPdf(await readWholeInput(file, sha256), password, copy)
    return null
  },
  pdfObjects() {
    const { data, ...batch } = opened(pdf).nextObjects()
    held.hold(data === undefined ? [] : [data])
    return batch
  },
  pdfPages: () => ({ pages: opened(pdf).nextPages() }),
  pdfBarePage({ index }) {
    const page = opened(pdf).barePage(index)
    if (page === undefined) return null
    const { content, forms, resources, xObjects } = page
    held.hold([content, ...forms.map(({ data }) => data)])
    return {
      bytes: content.length,
      forms: forms.map(({ name, entries, data }) => ({ name, entries, bytes: data.length })),
      resources,
      xObjects,
    }
  },
  pdfUnnamedFonts() {
    const fonts = opened(pdf).unnamedFonts()
    held.hold(fonts.map(({ table }) => table))
    return { fonts: fonts.map(({ table, ...font }) => ({ ...font, bytes: table.length })) }
  },
  read: ({ maxBytes }) => ({ data: held.take(maxBytes) }),
  close() {
    forget()
    return { residentBytes: process.memoryUsage.rss() }
  },
})

function opened<T>(document: T | undefined): T {
  if (document === undefined) throw new Error('no document is open')
  return document
}

function headOf({ data, mask, ...picture }: Picture): Omit<PictureAnswer, 'orientation'> {
  const { width, height, colour, bits, entries } = picture
  const bytes = data.reduce((sum, piece) => sum + piece.length, 0)
  const head = { width, height, colour, bits, entries, bytes }
  return mask === undefined ? head : { ...head, mask: headOf(mask) }
}

/** Announced bytes that are taken in pieces. */
function createHeld() {
  let pieces: Uint8Array[] = []
  return {
    hold(data: readonly Uint8Array[]): void {
      pieces = data.toReversed()
    },
    /** The next piece; nothing after the last. */
    take(maxBytes: number): Uint8Array {
      const taken: Uint8Array[] = []
      for (let room = Math.min(pieceBytes, maxBytes); room > 0;) {
        const next = pieces.pop()
        if (next === undefined) break
        if (next.length > room) pieces.push(next.subarray(room))
        taken.push(next.subarray(0, room))
        room -= Math.min(room, next.length)
      }
      const [only] = taken
      return taken.length === 1 && only !== undefined ? only : Buffer.concat(taken)
    },
  }
}

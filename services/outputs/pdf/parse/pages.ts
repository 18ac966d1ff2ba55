import {
  PDFArray,
  PDFDict,
  PDFName,
  PDFNumber,
  PDFRef,
  type PDFContext,
  type PDFObject,
} from '@cantoo/pdf-lib'
import type { PdfPage } from '../../decoder/calls.ts'

const deepest = 64
const maxPages = 100_000
const letter: [number, number, number, number] = [0, 0, 612, 792]
const inheritable = ['Resources', 'MediaBox', 'CropBox', 'Rotate']

/** A page with the entries that it inherits. */
export interface FoundPage {
  ref: PDFRef
  entries: Map<string, PDFObject>
}

/** Walks a page tree in order; skips nodes that refer to themselves. */
export function findPages(context: PDFContext, root: PDFObject | undefined): FoundPage[] {
  const found: FoundPage[] = []
  const seen = new Set<PDFRef>()
  const visit = (
    node: PDFObject | undefined,
    above: Map<string, PDFObject>,
    depth: number,
  ): void => {
    if (node instanceof PDFRef) {
      if (seen.has(node)) return
      seen.add(node)
    }
    const dictionary = context.lookup(node)
    if (!(dictionary instanceof PDFDict) || depth > deepest || found.length >= maxPages) return
    const own = new Map(dictionary.entries().map(([key, value]) => [key.decodeText(), value]))
    const kids = context.lookup(own.get('Kids'))
    if (kids instanceof PDFArray) {
      const inherited = new Map(above)
      for (const key of inheritable) {
        const value = own.get(key)
        if (value !== undefined) inherited.set(key, value)
      }
      for (const kid of kids.asArray()) visit(kid, inherited, depth + 1)
    } else if (node instanceof PDFRef)
      found.push({ ref: node, entries: new Map([...above, ...own]) })
  }
  visit(root, new Map(), 0)
  return found
}

/** Prepares a page for rewriting. `toText` writes a value with its final references. */
export function describePage(
  context: PDFContext,
  { ref, entries }: FoundPage,
  toText: (value: PDFObject) => string,
  leftOut: readonly string[] = [],
): PdfPage {
  const resources = context.lookup(entries.get('Resources'))
  const own = resources instanceof PDFDict ? resources.entries() : []
  const fonts = context.lookup(own.find(([key]) => key.decodeText() === 'Font')?.[1])
  const write = (pairs: readonly (readonly [string, PDFObject])[]): string =>
    pairs.map(([key, value]) => `${PDFName.of(key).toString()} ${toText(value)}`).join('')
  const skipped = ['Contents', 'Resources', ...leftOut]
  return {
    number: ref.objectNumber,
    generation: ref.generationNumber,
    entries: write([...entries].filter(([key]) => !skipped.includes(key))),
    contents: contentsOf(context, entries.get('Contents')).map(toText).join(' '),
    resources: write(
      own
        .map(([key, value]) => [key.decodeText(), value] as const)
        .filter(([key]) => key !== 'Font'),
    ),
    fonts:
      fonts instanceof PDFDict
        ? write(fonts.entries().map(([key, value]) => [key.decodeText(), value]))
        : '',
    box: boxOf(context, entries),
    rotation: rotationOf(context.lookup(entries.get('Rotate'))),
  }
}

/** A content stream is always a separate object; a page without one is empty. */
function contentsOf(context: PDFContext, contents: PDFObject | undefined): PDFObject[] {
  const found = context.lookup(contents)
  if (found instanceof PDFArray) return found.asArray().filter((each) => each instanceof PDFRef)
  return contents instanceof PDFRef && found !== undefined ? [contents] : []
}

function rotationOf(rotation: PDFObject | undefined): PdfPage['rotation'] {
  const degrees = rotation instanceof PDFNumber ? rotation.asNumber() : 0
  const turned = (((Math.round(degrees / 90) * 90) % 360) + 360) % 360
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0
}

type Box = PdfPage['box']

/** As in viewers: the intersection of the crop box and the media box. */
export function boxOf(context: PDFContext, entries: Map<string, PDFObject>): Box {
  const media = toBox(context, entries.get('MediaBox')) ?? letter
  const crop = toBox(context, entries.get('CropBox'))
  if (crop === undefined) return media
  const [left, bottom] = [Math.max(media[0], crop[0]), Math.max(media[1], crop[1])]
  const [right, top] = [Math.min(media[2], crop[2]), Math.min(media[3], crop[3])]
  return right > left && top > bottom ? [left, bottom, right, top] : media
}

function toBox(context: PDFContext, value: PDFObject | undefined): Box | undefined {
  const array = context.lookup(value)
  if (!(array instanceof PDFArray)) return undefined
  const numbers = array.asArray().map((each) => context.lookup(each))
  const [a = 0, b = 0, c = 0, d = 0] = numbers.map((each) =>
    each instanceof PDFNumber ? each.asNumber() : 0,
  )
  const box: Box = [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]
  return box[2] > box[0] && box[3] > box[1] ? box : undefined
}

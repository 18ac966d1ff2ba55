import { deflateSync, inflateSync } from 'node:zlib'
import {
  PDFArray,
  PDFDict,
  PDFName,
  PDFRawStream,
  type PDFContext,
  type PDFObject,
} from '@cantoo/pdf-lib'
import type { PdfPage } from '../../decoder/calls.ts'
import { withoutInvisibleText, type Painted } from './bare-content.ts'
import type { FoundPage } from './pages.ts'

/** A page's content without invisible text; data are deflated. */
export interface BarePage {
  content: Uint8Array
  /** Forms that had such text: name, entries of the dictionary, and data. */
  forms: { name: string; entries: string; data: Uint8Array }[]
  /** The entries of the page's resources except `Font` and `XObject`, and of its `XObject` except these forms. */
  resources: string
  xObjects: string
}

/** Content is decoded as a whole; more than this is drawings, not the layer of a scan. */
const maxContentBytes = 16 * 2 ** 20
const maxForms = 64

/** Returns a page without its invisible text; undefined where it has none, or where its content cannot be read. */
export function barePage(
  context: PDFContext,
  { entries }: FoundPage,
  box: PdfPage['box'],
  toText: (value: PDFObject) => string,
): BarePage | undefined {
  const content = contentOf(context, entries.get('Contents'))
  if (content === undefined) return undefined
  const resources = dictionary(context, entries.get('Resources'))
  const xObjects = dictionary(context, resources?.get(PDFName.of('XObject')))
  const find = (name: string): PDFRawStream | undefined => {
    const found = context.lookup(xObjects?.get(PDFName.of(name)))
    return found instanceof PDFRawStream ? found : undefined
  }
  const bare = withoutInvisibleText(content, { find: (name) => describe(find(name)), box })
  if (bare === undefined) return undefined
  const forms = [...bare.forms].slice(0, maxForms).flatMap(([name, mode]) => {
    const form = bareForm(find(name), mode, toText)
    return form === undefined ? [] : [{ name, ...form }]
  })
  if (!bare.isChanged && forms.length === 0) return undefined
  const replaced = new Set(forms.map(({ name }) => name))
  const write = (from: PDFDict | undefined, isLeftOut: (name: string) => boolean): string =>
    (from?.entries() ?? [])
      .filter(([key]) => !isLeftOut(key.decodeText()))
      .map(([key, value]) => `${key.toString()} ${toText(value)}`)
      .join('')
  return {
    content: deflateSync(bare.content),
    forms,
    resources: write(resources, (name) => name === 'Font' || name === 'XObject'),
    xObjects: write(xObjects, (name) => replaced.has(name)),
  }
}

export function dictionary(context: PDFContext, value: PDFObject | undefined): PDFDict | undefined {
  const found = context.lookup(value)
  return found instanceof PDFDict ? found : undefined
}

/** Streams may be divided between any two tokens. */
function contentOf(context: PDFContext, contents: PDFObject | undefined): Buffer | undefined {
  const found = context.lookup(contents)
  const parts =
    found instanceof PDFArray ? found.asArray().map((each) => context.lookup(each)) : [found]
  const decoded: Buffer[] = []
  let length = 0
  for (const part of parts) {
    const data = part instanceof PDFRawStream ? dataOf(part, maxContentBytes - length) : undefined
    if (data === undefined) return undefined
    decoded.push(data, Buffer.from('\n'))
    length += data.length + 1
  }
  return Buffer.concat(decoded)
}

/** The data of a stream that is deflated or not compressed; undefined for others, and for more than `maxBytes`. */
export function dataOf(stream: PDFRawStream, maxBytes: number): Buffer | undefined {
  const { dict, contents } = stream
  const filter = dict.lookup(PDFName.of('Filter'))
  const [only, ...more] = filter instanceof PDFArray ? filter.asArray() : [filter]
  if (more.length > 0 || dict.has(PDFName.of('DecodeParms')) || maxBytes < 1) return undefined
  if (only === undefined) return contents.length > maxBytes ? undefined : Buffer.from(contents)
  if (only !== PDFName.of('FlateDecode')) return undefined
  try {
    return inflateSync(contents, { maxOutputLength: maxBytes })
  } catch {
    return undefined // Damaged, or too long: its page keeps its text.
  }
}

function describe(stream: PDFRawStream | undefined): Painted | undefined {
  if (stream === undefined) return undefined
  const { dict } = stream
  const has = (name: string): boolean => dict.has(PDFName.of(name))
  if (dict.lookup(PDFName.of('Subtype')) === PDFName.of('Form'))
    return { kind: 'form', isOpaque: false }
  return { kind: 'image', isOpaque: !has('SMask') && !has('Mask') && !has('ImageMask') }
}

function bareForm(
  form: PDFRawStream | undefined,
  mode: number,
  toText: (value: PDFObject) => string,
): { entries: string; data: Uint8Array } | undefined {
  const content = form && dataOf(form, maxContentBytes)
  if (form === undefined || content === undefined) return undefined
  const nowhere = { find: () => undefined, box: [0, 0, 1, 1] } as const
  const bare = withoutInvisibleText(content, nowhere, mode)
  if (bare?.isChanged !== true) return undefined
  const leftOut = new Set(['Length', 'Filter', 'DecodeParms'])
  const entries = form.dict
    .entries()
    .filter(([key]) => !leftOut.has(key.decodeText()))
    .map(([key, value]) => `${key.toString()} ${toText(value)}`)
  return { entries: entries.join(''), data: deflateSync(bare.content) }
}

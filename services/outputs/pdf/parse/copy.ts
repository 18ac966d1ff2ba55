import {
  PDFArray,
  PDFDict,
  PDFName,
  PDFRawStream,
  PDFRef,
  PDFStream,
  type PDFContext,
  type PDFObject,
} from '@cantoo/pdf-lib'

/** An object of a copy. */
interface Copied {
  number: number
  body: string
  data?: Uint8Array
}

/**
 * Copies objects under new numbers: `toText` writes a value with the new numbers, `objects` then returns all referenced
 * objects. References to pages that are not copied become null.
 */
export function createCopy(
  context: PDFContext,
  firstNumber: number,
  pages: ReadonlyMap<PDFRef, number | undefined>,
) {
  const numbers = new Map<PDFRef, number>()
  const waiting: PDFRef[] = []
  const refer = (ref: PDFRef): string => {
    if (pages.has(ref)) {
      const page = pages.get(ref)
      return page === undefined ? 'null' : `${page} 0 R`
    }
    const known = numbers.get(ref) ?? firstNumber + numbers.size
    if (!numbers.has(ref)) {
      numbers.set(ref, known)
      waiting.push(ref)
    }
    return `${known} 0 R`
  }
  const toText = (value: PDFObject): string => {
    if (value instanceof PDFRef) return refer(value)
    if (value instanceof PDFArray) return `[${value.asArray().map(toText).join(' ')}]`
    if (value instanceof PDFDict) return `<<${entriesOf(value, toText)}>>`
    return value.toString()
  }
  return {
    toText,
    count: (): number => numbers.size,
    *objects(): Generator<Copied> {
      for (let ref = waiting.shift(); ref !== undefined; ref = waiting.shift()) {
        const object = context.lookup(ref)
        const number = numbers.get(ref) ?? 0
        if (object instanceof PDFRawStream || object instanceof PDFStream) {
          const data = Uint8Array.from(object.getContents())
          const entries = entriesOf(object.dict, toText, 'Length')
          yield { number, body: `<<${entries}/Length ${data.length}>>`, data }
        } else yield { number, body: object === undefined ? 'null' : toText(object) }
      }
    },
  }
}

const entriesOf = (
  dictionary: PDFDict,
  toText: (value: PDFObject) => string,
  leftOut?: string,
): string =>
  dictionary
    .entries()
    .filter(([key]) => leftOut === undefined || key !== PDFName.of(leftOut))
    .map(([key, value]) => `${key.toString()} ${toText(value)}`)
    .join('')

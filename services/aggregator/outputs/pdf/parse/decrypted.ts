import {
  PDFArray,
  PDFDict,
  PDFHexString,
  PDFName,
  PDFStream,
  PDFString,
  type PDFContext,
  type PDFObject,
} from '@cantoo/pdf-lib'

/**
 * Puts right what pdf-lib leaves of a PDF that it has decrypted: the dictionary of the encryption, and strings that hold
 * brackets unescaped.
 */
export function tidyDecrypted(context: PDFContext): void {
  for (const [ref, object] of context.enumerateIndirectObjects()) {
    if (isEncryption(object)) context.delete(ref)
    else if (object instanceof PDFString) context.assign(ref, escaped(object))
    else tidy(object)
  }
}

const isEncryption = (object: PDFObject): boolean =>
  object instanceof PDFDict &&
  object.get(PDFName.of('Filter')) === PDFName.of('Standard') &&
  ['O', 'U', 'P'].every((key) => object.has(PDFName.of(key)))

function tidy(object: PDFObject): void {
  if (object instanceof PDFStream) tidy(object.dict)
  else if (object instanceof PDFDict) {
    for (const [key, value] of object.entries()) {
      if (value instanceof PDFString) object.set(key, escaped(value))
      else tidy(value)
    }
  } else if (object instanceof PDFArray) {
    object.asArray().forEach((value, index) => {
      if (value instanceof PDFString) object.set(index, escaped(value))
      else tidy(value)
    })
  }
}

/** What comes out of a compressed object is escaped as it should be, and cannot be told from what is not but by its brackets. */
function escaped(string: PDFString): PDFObject {
  const value = string.asString()
  return isWellFormed(value) ? string : PDFHexString.fromBytes(Buffer.from(value, 'latin1'))
}

function isWellFormed(value: string): boolean {
  let depth = 0
  for (let at = 0; at < value.length; at++) {
    const character = value[at]
    if (character === '\\') at += 1
    else if (character === '(') depth += 1
    else if (character === ')' && --depth < 0) return false
    if (at >= value.length) return false
  }
  return depth === 0
}

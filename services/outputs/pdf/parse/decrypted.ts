import {
  PDFArray,
  PDFDict,
  PDFHexString,
  PDFInvalidObject,
  PDFName,
  PDFStream,
  PDFString,
  type PDFContext,
  type PDFObject,
} from '@cantoo/pdf-lib'

/**
 * Corrects objects that pdf-lib leaves wrong after decryption: the encryption dictionary, the old cross-references that
 * name it, and strings with unescaped parentheses.
 */
export function tidyDecrypted(context: PDFContext): void {
  for (const [ref, object] of context.enumerateIndirectObjects()) {
    if (isEncryption(object) || isLeftOver(object)) context.delete(ref)
    else if (object instanceof PDFString) context.assign(ref, escaped(object))
    else tidy(object)
  }
}

const isEncryption = (object: PDFObject): boolean =>
  object instanceof PDFDict &&
  object.get(PDFName.of('Filter')) === PDFName.of('Standard') &&
  ['O', 'U', 'P'].every((key) => object.has(PDFName.of(key)))

/**
 * Object streams, whose objects have been extracted, and cross-references. The latter are not encrypted: decrypting
 * them makes most of them invalid.
 */
const isLeftOver = (object: PDFObject): boolean => {
  if (object instanceof PDFInvalidObject) return /\/Type\s*\/XRef/.test(textOf(object))
  const type = object instanceof PDFStream ? object.dict.get(PDFName.of('Type')) : undefined
  return type === PDFName.of('XRef') || type === PDFName.of('ObjStm')
}

function textOf(object: PDFInvalidObject): string {
  const bytes = Buffer.alloc(object.sizeInBytes())
  object.copyBytesInto(bytes, 0)
  return bytes.toString('latin1')
}

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

/**
 * Strings from compressed objects are escaped correctly; only their parentheses distinguish them from unescaped ones.
 */
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

import { decodeExtended, parse } from 'content-disposition'

const maxNameBytes = 255
const maxExtensionBytes = 16

/** Control characters, line separators, and marks that change the text direction. */
const invisible = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A client's name of a file, made fit to show and to log: its last segment, at most 255 bytes, never empty. */
export function uploadName(given: string | undefined): string {
  const visible = (given ?? '').toWellFormed().replaceAll(invisible, '')
  const last = visible.slice(visible.search(/[^/\\]*$/)).trim()
  return last === '' || last === '.' || last === '..' ? 'upload' : shorten(last)
}

/** Cuts between characters and leaves the extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= maxNameBytes) return name
  const [extension = ''] = /\.[^.]+$/.exec(name) ?? []
  const kept = Buffer.byteLength(extension) <= maxExtensionBytes ? extension : ''
  let room = maxNameBytes - Buffer.byteLength(kept)
  let stem = ''
  for (const character of name) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    stem += character
  }
  return stem + kept
}

/** Returns the `filename` of a Content-Disposition header (RFC 6266): its extended form before the plain one. */
export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  // The library's own order would decode the extended form before `decodeBytes`, which is for the plain one only.
  const { filename, 'filename*': extended } = parse(header, { extended: false }).parameters
  return decodeExtended(extended ?? '') ?? decodeBytes(filename)
}

/** Node decodes headers as Latin-1; clients that send a name unencoded mean UTF-8. */
function decodeBytes(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const decoded = Buffer.from(text, 'latin1').toString()
  return decoded.includes('\ufffd') ? text : decoded
}

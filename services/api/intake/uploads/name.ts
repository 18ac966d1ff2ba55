const maxNameBytes = 255
const maxExtensionBytes = 16

/** Control characters, line separators, and marks that turn the direction of what follows. */
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

/** The `filename` of a Content-Disposition header (RFC 6266), the extended form before the plain one. */
export function dispositionName(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const [, extended] = /(?:^|;)\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header) ?? []
  const [, quoted, token] =
    /(?:^|;)\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^";\s]+))/i.exec(header) ?? []
  return decodePercent(extended) ?? decodeBytes(quoted?.replaceAll(/\\(.)/g, '$1') ?? token)
}

function decodePercent(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text)
  } catch {
    return undefined // Not UTF-8: the plain form stands beside it for such cases.
  }
}

/** Node reads headers as Latin-1; clients that put a name there as it is mean UTF-8. */
function decodeBytes(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const decoded = Buffer.from(text, 'latin1').toString()
  return decoded.includes('\ufffd') ? text : decoded
}

const longestTrailer = 65_536
const maxSections = 1_000

/**
 * Whether a PDF's cross-references allow appending: they are at the given offset, and a table's entries point at
 * objects. Returns the form of the last one; undefined where the file must be rewritten. Own code: pdf-lib reads a file
 * with wrong offsets, and does not say so.
 */
export function checkCrossReferences(
  bytes: Buffer,
  startXref: number,
): 'table' | 'stream' | undefined {
  if (bytes.toString('latin1', 0, 5) !== '%PDF-') return undefined
  let form: 'table' | 'stream' | undefined
  const seen = new Set<number>()
  for (let at: number | undefined = startXref; at !== undefined;) {
    if (seen.has(at) || seen.size > maxSections || at <= 0 || at >= bytes.length) return undefined
    seen.add(at)
    const isTable = bytes.toString('latin1', at, at + 4) === 'xref'
    if (!isTable) {
      const isStream = /^\d+ +\d+ +obj/.test(bytes.toString('latin1', at, at + 30))
      return isStream ? (form ?? 'stream') : undefined
    }
    form ??= 'table'
    const end = checkTable(bytes, at + 4)
    if (end === undefined) return undefined
    const trailer = bytes.toString('latin1', end, end + longestTrailer).split('startxref')[0] ?? ''
    const previous = /\/Prev\s+(\d+)/.exec(trailer)?.[1]
    at = previous === undefined ? undefined : Number(previous)
  }
  return form
}

/** Returns the end of the table; undefined where an entry is wrong. */
function checkTable(bytes: Buffer, from: number): number | undefined {
  let at = from
  for (;;) {
    const head = /^\s*(\d+)\s+(\d+)\s*?[\r\n]+/.exec(bytes.toString('latin1', at, at + 60))
    if (head === null) return at
    at += head[0].length
    const [first, count] = [Number(head[1]), Number(head[2])]
    for (let index = 0; index < count; index++, at += 20) {
      const entry = /^(\d{10}) (\d{5}) ([nf])/.exec(bytes.toString('latin1', at, at + 20))
      if (entry === null) return undefined
      const [, offset, generation, kind] = entry
      if (kind === 'n' && !isObject(bytes, Number(offset), first + index, Number(generation)))
        return undefined
    }
  }
}

function isObject(bytes: Buffer, at: number, number: number, generation: number): boolean {
  const found = /^\s*(\d+)\s+(\d+)\s+obj/.exec(bytes.toString('latin1', at, at + 40))
  return found !== null && Number(found[1]) === number && Number(found[2]) === generation
}

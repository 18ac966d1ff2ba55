const maxCounts = 10_000
/** A page's dictionary names its type; `/Pages` is a node of the tree. */
const page = Buffer.from('/Page')
const typeBefore = /\/Type\s*$/
const zero = 48

/** Whether a file names more pages than it announces: then its `/Count` may be too low. */
export function namesMorePages(bytes: Buffer, announced: number): boolean {
  let found = 0
  for (
    let at = bytes.indexOf(page);
    at >= 0 && found <= announced;
    at = bytes.indexOf(page, at + 5)
  ) {
    const isWord = /[^A-Za-z0-9]/.test(String.fromCharCode(bytes[at + page.length] ?? 0))
    if (isWord && typeBefore.test(bytes.toString('latin1', Math.max(0, at - 12), at))) found += 1
  }
  return found > announced
}

/** Of all lists of kids; larger trees are not examined. */
const maxKidsBytes = 16 * 2 ** 20
const maxNodeBytes = 2_000
const endOfList = 0x5d

/**
 * Whether the page tree may name more than `found` pages: then some are lost, because the file was cut off. Otherwise
 * its `/Count` is too high. True where the tree is compressed, or too large to be examined.
 */
export function namesMissingPages(bytes: Buffer, found: number): boolean {
  const kids = new Set<string>()
  const nodes = new Set<string>()
  const name = '/Kids'
  let room = maxKidsBytes
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + name.length)) {
    const begin = at + name.length
    const length = bytes.subarray(begin, begin + room).indexOf(endOfList)
    const list = bytes.toString('latin1', begin, begin + length).trimStart()
    const before = bytes.toString('latin1', Math.max(0, at - maxNodeBytes), at)
    const node = [...before.matchAll(/(\d+)\s+\d+\s+obj\b/g)].at(-1)?.[1]
    room -= length + maxNodeBytes
    if (length < 0 || room < 0 || !list.startsWith('[') || node === undefined) return true
    nodes.add(node)
    for (const [, kid = ''] of list.matchAll(/(\d+)\s+\d+\s+R/g)) kids.add(kid)
  }
  const leaves = [...kids].filter((kid) => !nodes.has(kid)).length
  return leaves === 0 || leaves > found
}

/**
 * Replaces the numbers of all `/Count` by zeros, so that PDFium counts the pages itself. Returns a function that
 * restores them.
 */
export function clearCounts(bytes: Buffer): () => void {
  const cleared: { at: number; digits: Buffer }[] = []
  const name = '/Count'
  for (let at = bytes.indexOf(name); at >= 0 && cleared.length < maxCounts;) {
    const rest = bytes.toString('latin1', at + name.length, at + name.length + 32)
    const [found = '', blank = '', number = ''] = /^(\s+)(\d+)/.exec(rest) ?? []
    if (found !== '') {
      const from = at + name.length + blank.length
      const digits = bytes.subarray(from, from + number.length)
      cleared.push({ at: from, digits: Buffer.from(digits) })
      digits.fill(zero)
    }
    at = bytes.indexOf(name, at + name.length)
  }
  return () => {
    for (const { at, digits } of cleared) digits.copy(bytes, at)
  }
}

const catalog = /(\d{1,7})\s+(\d{1,5})\s+obj\s*<<[^>]{0,2000}$/

/** The trailer of a file that was cut off before its own, by its last catalog; undefined where it has none. */
export function trailerOf(bytes: Buffer): string | undefined {
  const type = '/Catalog'
  for (let at = bytes.lastIndexOf(type), tries = 0; at >= 0 && tries < 100; tries += 1) {
    const before = bytes.toString('latin1', Math.max(0, at - 2_100), at)
    const found = catalog.exec(before.slice(before.lastIndexOf('endobj') + 1))
    if (found !== null) return `\ntrailer<</Root ${found[1]} ${found[2]} R>>\n`
    if (at === 0) return undefined
    at = bytes.lastIndexOf(type, at - 1)
  }
  return undefined
}

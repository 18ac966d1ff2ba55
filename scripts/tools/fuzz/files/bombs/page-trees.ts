import type { Random } from '../../../common/random.ts'
import type { HostileFile } from '../hostile-file.ts'

const page = (parent: number): string => `<</Type/Page/Parent ${parent} 0 R/MediaBox[0 0 99 99]>>`
const node = (kids: readonly number[], count: number): string =>
  `<</Type/Pages/Kids[${kids.map((kid) => `${kid} 0 R`).join(' ')}]/Count ${count}>>`

/** A PDF whose page tree begins with the first of `objects`, which is number 2. */
function pdfOfTree(objects: readonly string[]): Buffer {
  const all = ['<</Type/Catalog/Pages 2 0 R>>', ...objects]
  let text = '%PDF-1.7\n'
  const offsets = all.map((object, index) => {
    const at = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  const table = offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')
  const size = all.length + 1
  const trailer = `trailer<</Size ${size}/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF\n`
  return Buffer.from(`${text}xref\n0 ${size}\n0000000000 65535 f \n${table}${trailer}`, 'latin1')
}

/** Page trees that announce, repeat or contain missing objects. */
export function makePageTrees(random: Random): HostileFile[] {
  const announced = random.pick([-1, 0, 2, 2_000, 1_000_000, 2_147_483_647])
  const depth = random.integer(2, 3_000)
  const levels = random.integer(2, 12)
  const trees: Record<string, readonly string[]> = {
    'count-lies': [node([3], announced), page(2)],
    'count-is-less': [node([3, 4, 5], 1), page(2), page(2), page(2)],
    circle: [node([3, 4], announced), node([2, 4], announced), page(2)],
    itself: [node([2, 2, 2], announced)],
    deep: [...Array.from({ length: depth }, (_, index) => node([index + 3], 1)), page(depth + 1)],
    doubling: [
      ...Array.from({ length: levels }, (_, index) =>
        node(Array<number>(10).fill(index + 3), 10 ** (levels - index)),
      ),
      page(levels + 1),
    ],
    'one-page-often': [node(Array<number>(depth).fill(3), depth), page(2)],
    'nothing-there': [
      node(
        Array.from({ length: depth }, (_, index) => index + 9),
        depth,
      ),
    ],
  }
  return Object.entries(trees).map(([name, objects]) => ({
    name: `${name}.pdf`,
    kind: `page tree ${name}`,
    bytes: pdfOfTree(objects),
  }))
}

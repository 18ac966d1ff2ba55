import type { BBox } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { joinLines, joinWords } from './join.ts'
import { tablesOf, type PageTable } from './tables.ts'
import { around as boxAround, median, uprightLines, type UprightLine } from './upright.ts'

/** A part of a page, in reading order. `bbox` is on the page as given, pixels. */
export type Part = { bbox: BBox } & (
  | { kind: 'heading'; level: 1 | 2 | 3; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'list'; isNumbered: boolean; items: { mark: string; text: string }[] }
  | { kind: 'table'; table: PageTable }
)

/** Type heights of headings, in those of the running text. */
const headingSizes = [1.8, 1.45, 1.2] as const
const maxHeadingLines = 3
const maxHeadingWords = 20

/** Headings, paragraphs, lists and tables of a page, from the places and sizes of its lines. */
export function partsOf(page: PageResult): Part[] {
  const lines = uprightLines(page)
  const tables = tablesOf(lines)
  const tableOf = new Map(
    tables.flatMap((table) => [...table.lines].map((line) => [line, table] as const)),
  )
  const { text } = page
  const body = bodySize(lines.filter((line) => !tableOf.has(line)))
  const parts: Part[] = []
  const written = new Set<PageTable>()
  let paragraph: UprightLine[] = []
  const end = (): void => {
    if (paragraph.length > 0)
      for (const part of toParts(paragraph, body, text)) add(parts, part, text)
    paragraph = []
  }
  for (const line of lines) {
    const table = tableOf.get(line)
    if (table !== undefined) {
      end()
      if (!written.has(table)) parts.push({ kind: 'table', table, bbox: boxOf([...table.lines]) })
      written.add(table)
      continue
    }
    if (paragraph.at(-1)?.paragraph !== line.paragraph) end()
    paragraph.push(line)
  }
  end()
  return parts
}

/** The type height of most words. */
function bodySize(lines: readonly UprightLine[]): number {
  return median(lines.flatMap(({ size, words }) => words.map(() => size)))
}

const boxOf = (lines: readonly UprightLine[]): BBox => boxAround(lines.map(({ given }) => given))

const textOf = ({ words }: UprightLine): string => joinWords(words.map(({ text }) => text))

function toParts(lines: readonly UprightLine[], body: number, around: string): Part[] {
  const bbox = boxOf(lines)
  const level = headingLevel(lines, body)
  if (level !== undefined)
    return [{ kind: 'heading', level, text: joinLines(lines.map(textOf), around), bbox }]
  const parts: Part[] = []
  let texts: string[] = []
  let mark: Mark | undefined
  const end = (): void => {
    const text = joinLines(texts, around)
    texts = []
    if (mark !== undefined) {
      const items = [{ mark: mark.mark, text }]
      parts.push({ kind: 'list', isNumbered: mark.isNumber, items, bbox })
    } else if (text !== '') parts.push({ kind: 'paragraph', text, bbox })
  }
  for (const line of lines) {
    const text = textOf(line)
    const next = markOf(text)
    if (next !== undefined && (texts.length === 0 || mark !== undefined || !next.isNumber)) {
      end()
      mark = next
      texts = [next.rest]
    } else texts.push(text)
  }
  end()
  return parts
}

/** Its lines are larger than the running text, few, and have letters. */
function headingLevel(lines: readonly UprightLine[], body: number): 1 | 2 | 3 | undefined {
  const words = lines.flatMap((line) => line.words)
  if (lines.length > maxHeadingLines || words.length > maxHeadingWords) return undefined
  if (!words.some(({ text }) => /\p{L}{2}/u.test(text))) return undefined
  const size = Math.min(...lines.map((line) => line.size))
  const [first, second, third] = headingSizes
  if (size >= body * first) return 1
  if (size >= body * second) return 2
  return size >= body * third ? 3 : undefined
}

interface Mark {
  mark: string
  isNumber: boolean
  rest: string
}

const bullet = /^(?<mark>[•·▪■●○◦‣∙*–—-])\s+(?<rest>.*)$/su
const number = /^(?<mark>\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+(?<rest>.*)$/su

function markOf(text: string): Mark | undefined {
  const isNumber = !bullet.test(text)
  const { mark, rest } = (isNumber ? number : bullet).exec(text)?.groups ?? {}
  return mark === undefined || rest === undefined ? undefined : { mark, isNumber, rest }
}

/** Items of one list follow each other; a paragraph that goes on in the next block is one. */
function add(parts: Part[], part: Part, around: string): void {
  const last = parts.at(-1)
  if (last?.kind === 'list' && part.kind === 'list' && last.isNumbered === part.isNumbered) {
    last.items.push(...part.items)
    last.bbox = boxAround([last.bbox, part.bbox])
  } else if (
    last?.kind === 'paragraph' &&
    part.kind === 'paragraph' &&
    goesOn(last.text, part.text)
  ) {
    last.text = joinLines([last.text, part.text], around)
    last.bbox = boxAround([last.bbox, part.bbox])
  } else parts.push(part)
}

const goesOn = (before: string, after: string): boolean =>
  /[\p{Ll},-]$/u.test(before) && /^\p{Ll}/u.test(after)

import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ScriptoriumDocument } from '../../../shared/contract/result/document.ts'
import type { Block, Line, Word } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { defaultRecipe } from '../../../shared/contract/recipe.ts'
import type { OutputDocument } from '../../../services/outputs/format.ts'
import { engine, makePage } from '../ledger/records.ts'

/** A word's box by its edges: x0, y0, x1, y1. */
export type Edges = readonly [number, number, number, number]

/** A line of words, on a baseline from one point to another. */
export function makeLine(
  words: readonly (readonly [string, Edges])[],
  baseline: Edges,
  size = 40,
): Line {
  const parts: Word[] = words.map(([text, [x0, y0, x1, y1]]) => ({
    text,
    confidence: 91.5,
    bbox: { x0, y0, x1, y1 },
  }))
  const [x0, y0, x1, y1] = baseline
  const text = `${parts.map((word) => word.text).join(' ')}\n`
  const bbox = around(parts.map((word) => word.bbox))
  return { text, confidence: 90, bbox, baseline: { x0, y0, x1, y1 }, size, words: parts }
}

/** A page of one block, a paragraph and its lines. */
export function makeScan(lines: readonly Line[], given: Partial<PageResult> = {}): PageResult {
  const text = lines.map((line) => line.text).join('')
  const located = { text, confidence: 90, bbox: around(lines.map((line) => line.bbox)) }
  const block: Block = { ...located, paragraphs: [{ ...located, lines: [...lines] }] }
  const blocks = lines.length === 0 ? [] : [block]
  return makePage({ width: 1_240, height: 1_754, dpi: 150, text: text.trim(), ...given, blocks })
}

function around(boxes: readonly Word['bbox'][]): Word['bbox'] {
  return {
    x0: Math.min(...boxes.map((box) => box.x0)),
    y0: Math.min(...boxes.map((box) => box.y0)),
    x1: Math.max(...boxes.map((box) => box.x1)),
    y1: Math.max(...boxes.map((box) => box.y1)),
  }
}

/** A document that was read from `file`. */
export function scanOf(
  file: string,
  mediaType: string,
  pages: Iterable<PageResult>,
  given: Partial<ScriptoriumDocument> = {},
): OutputDocument {
  const bytes = readFileSync(file)
  return {
    ...makeDocument(pages),
    bytes: bytes.length,
    sha256: hash('sha256', bytes),
    mediaType,
    ...given,
    pages,
  }
}

/** A document without an input file. */
export const makeDocument = (pages: Iterable<PageResult>): OutputDocument => ({
  id: 'd1',
  path: 'a.png',
  bytes: 3,
  sha256: 'abc',
  mediaType: 'image/png',
  outcome: 'succeeded',
  duplicateOf: null,
  error: null,
  confidence: 90,
  pages,
  failedPages: [],
  recipe: defaultRecipe,
  fingerprint: 'fp',
  engine,
  timings: { openMs: 1, prepareMs: 2, waitMs: 4, recogniseMs: 7 },
  worker: 'w1',
  finishedAt: '2026-01-02T03:04:05.678Z',
})

/** Every word of a document with its page. */
export const wordsOf = (pages: Iterable<PageResult>): (Word & { page: number })[] =>
  [...pages].flatMap(({ page, blocks }) =>
    blocks.flatMap(({ paragraphs }) =>
      paragraphs.flatMap(({ lines }) =>
        lines.flatMap(({ words }) => words.map((word) => ({ ...word, page }))),
      ),
    ),
  )

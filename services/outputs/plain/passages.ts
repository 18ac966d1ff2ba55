import type { BBox } from '../../../shared/contract/result/layout.ts'
import type { OutputDocument } from '../format.ts'
import { partsOf, type Part } from '../structure/parts.ts'
import { toMarkdown } from './markdown.ts'

/** As long as the passages that most indexes for language models take. */
const maxCharacters = 1_500

/** A passage of a page: whole paragraphs, lists and tables where they are short enough. */
interface Passage {
  heading: string | null
  texts: string[]
  boxes: BBox[]
}

/** Passages of at most 1,500 characters for an index elsewhere, one JSON object a line; the text is Markdown. */
export function* writePassages({ id, path, pages }: OutputDocument): Generator<string> {
  let number = 0
  let heading: string | null = null
  for (const page of pages) {
    const { passages, last } = passagesOfPage(partsOf(page), heading)
    heading = last
    for (const { texts, boxes, heading: above } of passages) {
      number += 1
      const text = texts.join('\n\n')
      const { page: pageNumber, width, height } = page
      yield `${JSON.stringify({ documentId: id, path, page: pageNumber, number, heading: above, text, width, height, boxes })}\n`
    }
  }
}

/** The passages of a page, and the last heading. A heading begins a passage. */
function passagesOfPage(
  parts: readonly Part[],
  heading: string | null,
): { passages: Passage[]; last: string | null } {
  const passages: Passage[] = []
  let passage: Passage = { heading, texts: [], boxes: [] }
  let last = heading
  const begin = (): void => {
    if (passage.texts.length > 0) passages.push(passage)
    passage = { heading: last, texts: [], boxes: [] }
  }
  for (const part of parts) {
    if (part.kind === 'heading') {
      last = part.text
      begin()
    }
    for (const text of piecesOf(toMarkdown(part))) {
      const length = passage.texts.reduce((sum, before) => sum + before.length + 2, 0)
      if (length + text.length > maxCharacters) begin()
      passage.texts.push(text)
      passage.boxes.push(part.bbox)
    }
  }
  begin()
  return { passages, last }
}

/** A long text, cut after a line, a sentence or a word. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > maxCharacters) {
    const room = rest.slice(0, maxCharacters)
    const end = [/\n(?!.*\n)/su, /[.!?。！？]\s*(?!.*[.!?。！？])/su, /\s(?!.*\s)/su]
      .map((cut) => cut.exec(room.slice(maxCharacters / 2)))
      .find((found) => found !== null)
    const whole =
      end === undefined ? wholeCharacters(room) : maxCharacters / 2 + end.index + end[0].length
    pieces.push(rest.slice(0, whole).trim())
    rest = rest.slice(whole).trim()
  }
  return rest === '' ? pieces : [...pieces, rest]
}

/** Not within a surrogate pair. */
const wholeCharacters = (text: string): number =>
  /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length

import type { BBox, Line, Word } from '../../../../shared/contract/result/layout.ts'
import { joinParts } from '../../../../shared/contract/result/join-parts.ts'
import { codePointsOf, matchWords, type WordRun } from './match-words.ts'
import { courseOf, divide, rounded, spreadBoxes, type Course } from './spread-boxes.ts'

/** A person saw the word: the confidence of corrected and accepted words, percent. */
const sure = 100
/** A gap of less than this share of a letter for each letter is no place for a word. */
const minShare = 0.5

/** A line with another text; undefined where that is empty. Words that stay the same keep their boxes. */
export function correctLine(line: Line, text: string): Line | undefined {
  const texts = text.split(/\s+/u).filter((word) => word !== '')
  if (texts.length === 0) return undefined
  const before = line.words.map((word) => word.text)
  const runs = withRoom(line, texts, matchWords(before, texts))
  const words = runs.flatMap((run) => wordsOf(line, texts, run))
  return { ...line, ...joinParts(words, ' '), words }
}

function wordsOf(
  line: Line,
  texts: readonly string[],
  { before, after, isEqual }: WordRun,
): Word[] {
  const old = line.words.slice(...before)
  if (isEqual) return old
  const corrected = texts.slice(...after)
  if (corrected.length === 0) return []
  const boxes = boxesOf(line, old, corrected, before[0])
  return corrected.map((text, index) => ({
    text,
    confidence: sure,
    bbox: boxes[index] ?? line.bbox,
  }))
}

function boxesOf(
  line: Line,
  old: readonly Word[],
  corrected: readonly string[],
  place: number,
): BBox[] {
  if (old.length === 1 && corrected.length === 1) return old.map(({ bbox }) => bbox)
  const course = courseOf(line)
  if (old.length > 0) return spreadBoxes(course, old, corrected)
  const gap = gapAt(line, course, place)
  const among = line.words.length === 0 ? [line.bbox] : line.words.map(({ bbox }) => bbox)
  return divide(gap, corrected).map((span) => course.boxOf(rounded(span), among))
}

/** The place between two words of a line, or before its first or after its last. */
function gapAt({ words, bbox }: Line, course: Course, place: number): [number, number] {
  const [start, end] = course.spanOf(bbox)
  const [before, next] = [words[place - 1], words[place]]
  return [
    before === undefined ? start : course.spanOf(before.bbox)[1],
    next === undefined ? end : course.spanOf(next.bbox)[0],
  ]
}

/** Words that are added where there is no room for them share the box of the word before, or of the next one. */
function withRoom(line: Line, texts: readonly string[], runs: readonly WordRun[]): WordRun[] {
  const course = courseOf(line)
  const [start, end] = course.spanOf(line.bbox)
  const letter = (end - start) / Math.max(1, codePointsOf(line.text).length)
  const fitted: WordRun[] = []
  let isNextTaken = false
  runs.forEach((run, index) => {
    const { before, after, isEqual } = run
    const taken: WordRun = isNextTaken
      ? { before: [before[0] + 1, before[1]], after: [after[0] + 1, after[1]], isEqual }
      : run
    isNextTaken = false
    const isAdded = !isEqual && before[0] === before[1]
    const [from, to] = gapAt(line, course, before[0])
    const needed = letter * minShare * texts.slice(...after).join(' ').length
    const last = fitted.at(-1)
    if (isEmpty(taken)) return
    if (!isAdded || to - from >= needed || line.words.length === 0) fitted.push(taken)
    else if (last?.isEqual === false) last.after[1] = after[1]
    else if (last !== undefined) {
      last.before[1] -= 1
      last.after[1] -= 1
      if (isEmpty(last)) fitted.pop()
      fitted.push({ before: [before[0] - 1, before[1]], after: [after[0] - 1, after[1]], isEqual })
    } else {
      isNextTaken = index + 1 < runs.length
      fitted.push({ before: [before[0], before[1] + 1], after: [after[0], after[1] + 1], isEqual })
    }
  })
  return fitted
}

const isEmpty = ({ before, after }: WordRun): boolean =>
  before[0] === before[1] && after[0] === after[1]

/** The same line, with the words of these places accepted by a person. */
export function acceptWords(line: Line, isAccepted: (index: number) => boolean): Line {
  if (!line.words.some((_, index) => isAccepted(index))) return line
  const words = line.words.map((word, index) =>
    isAccepted(index) ? { ...word, confidence: sure } : word,
  )
  return { ...line, words, confidence: joinParts(words, ' ').confidence }
}

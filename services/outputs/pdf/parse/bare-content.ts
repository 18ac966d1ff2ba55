import { readOperations, type Operation } from './operations.ts'

/** An image or a form that a page's content paints. */
export interface Painted {
  kind: 'image' | 'form'
  /** Nothing below an image shows through. */
  isOpaque: boolean
}

interface Surroundings {
  /** Looks up a painted object by its name. */
  find: (name: string) => Painted | undefined
  /** The visible part of the page: left, bottom, right, top. */
  box: readonly [number, number, number, number]
}

/** Content without its invisible text. */
interface BareContent {
  content: Buffer
  isChanged: boolean
  /** Forms by name, with the text rendering mode in force where they are painted. */
  forms: Map<string, number>
}

type Matrix = [number, number, number, number, number, number]
interface State {
  mode: number
  matrix: Matrix
}

/** A text-showing operation: its position, and the operations that keep the place of the following text. */
interface Shown {
  start: number
  end: number
  mode: number
  instead: string
}

/** Text rendering modes without fill or stroke (ISO 32000-1, table 106). */
const invisible: ReadonlySet<number> = new Set([3, 7])
/** An image that covers this share of the page hides all text below it. */
const coveringShare = 0.9
const maxNesting = 256

/**
 * Removes text that nobody sees: in an invisible rendering mode, or below a scan of the whole page. That is the layer
 * of an earlier OCR program. Undefined where the content has no form that can be read.
 */
export function withoutInvisibleText(
  content: Buffer,
  { find, box }: Surroundings,
  mode = 0,
): BareContent | undefined {
  const shown: Shown[] = []
  const forms = new Map<string, number>()
  const outer: State[] = []
  let state: State = { mode, matrix: [1, 0, 0, 1, 0, 0] }
  let coveredUpTo = 0
  for (const operation of readOperations(content)) {
    const { name, operands, start, end } = operation
    switch (name) {
      case 'q':
        if (outer.length >= maxNesting) return undefined
        outer.push({ ...state })
        break
      case 'Q':
        state = outer.pop() ?? state
        break
      case 'cm':
        state.matrix = combine(numbersOf(operation), state.matrix)
        break
      case 'Tr':
        state.mode = numbersOf(operation)[0] ?? 0
        break
      case 'Do': {
        const painted = find(operands.at(-1)?.slice(1) ?? '')
        if (painted?.kind === 'form') forms.set(operands.at(-1)?.slice(1) ?? '', state.mode)
        else if (painted?.isOpaque === true && covers(state.matrix, box)) coveredUpTo = start
        break
      }
      case 'Tj':
      case 'TJ':
      case "'":
      case '"':
        shown.push({ start, end, mode: state.mode, instead: insteadOf(operation) })
        break
    }
  }
  const removed = shown.filter((each) => invisible.has(each.mode) || each.end <= coveredUpTo)
  return { content: without(content, removed), isChanged: removed.length > 0, forms }
}

/** Two operators also go to the next line, and one of them sets the spacing. */
function insteadOf({ name, operands }: Operation): string {
  if (name === "'") return ' T* '
  return name === '"' ? ` ${operands[0]} Tw ${operands[1]} Tc T* ` : ' '
}

function without(content: Buffer, removed: readonly Shown[]): Buffer {
  const parts: Buffer[] = []
  let at = 0
  for (const { start, end, instead } of removed) {
    parts.push(content.subarray(at, start), Buffer.from(instead, 'latin1'))
    at = end
  }
  return Buffer.concat([...parts, content.subarray(at)])
}

const numbersOf = ({ operands }: Operation): number[] => operands.map(Number)

function combine([a = 1, b = 0, c = 0, d = 1, e = 0, f = 0]: number[], outer: Matrix): Matrix {
  const [p, q, r, s, t, u] = outer
  return [
    a * p + b * r,
    a * q + b * s,
    c * p + d * r,
    c * q + d * s,
    e * p + f * r + t,
    e * q + f * s + u,
  ]
}

/** Whether the unit square, into which an image is painted, covers the page. */
function covers([a, b, c, d, e, f]: Matrix, box: Surroundings['box']): boolean {
  const [left, bottom, right, top] = box
  const across = [e, e + a, e + c, e + a + c]
  const up = [f, f + b, f + d, f + b + d]
  const width = Math.min(right, Math.max(...across)) - Math.max(left, Math.min(...across))
  const height = Math.min(top, Math.max(...up)) - Math.max(bottom, Math.min(...up))
  const isUpright = Math.min(Math.abs(a * d), Math.abs(b * c)) <= 0.02 * Math.abs(a * d - b * c)
  const share = (Math.max(0, width) * Math.max(0, height)) / ((right - left) * (top - bottom))
  return isUpright && share >= coveringShare
}

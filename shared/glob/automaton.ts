import { UnsupportedSyntax, type Expression } from './expression.ts'

/**
 * A state is true if the rest of the text matches; its value follows from its successors: at the next character
 * (`character`) or at the same position (all others). A `sub` state, as in a lookahead, belongs to an earlier layer and
 * is evaluated first.
 */
type State =
  | { kind: 'accept' | 'start' | 'end' | 'fork'; next: number[] }
  | { kind: 'character'; matches: RegExp; next: number[] }
  | { kind: 'lookahead'; sub: number; isNegative: boolean; next: number[] }

interface Machine {
  states: State[]
  /** The layer of each state: a lookahead's part is evaluated before the state that uses it. */
  layerOf: number[]
  flags: string
  maxStates: number
}

/**
 * The states that hold at one position of a text: one byte per state. `next` leads to the preceding position, by the
 * character between.
 */
interface Position {
  holds: Uint8Array
  next: Map<number, Position>
}

/**
 * Maximum number of cached positions of a pattern: a benign one has a few dozen. Beyond it the cache is cleared and filled
 * again.
 */
const maxPositions = 200
const maxTransitions = 4_000
/** Added to the code of the text's first character: before it is the start, where `^` holds. */
const firstCharacter = 0x1_0000

/**
 * Matches without backtracking: an alternating automaton that runs from the text's end to its start, so that lookahead
 * and its negation are evaluated before their result is needed. Each character costs at most as many steps as there are
 * states, and one step where the position is cached. Throws `UnsupportedSyntax` where it needs more than `maxStates`.
 */
export function createAutomaton(
  expression: Expression,
  { flags, maxStates }: { flags: string; maxStates: number },
) {
  const machine: Machine = { states: [], layerOf: [], flags, maxStates }
  const accept = add(machine, { kind: 'accept', next: [] }, 0)
  const start = compile(machine, expression, accept, 0)
  const decide = createDecision(machine)
  const end: Position = { holds: decide(undefined, '', false), next: new Map() }
  let positions = new Map<string, Position>()
  let transitions = 0
  const remember = (holds: Uint8Array): Position => {
    const key = Buffer.from(holds.buffer).toString('latin1')
    const position = positions.get(key) ?? { holds, next: new Map() }
    if (positions.size < maxPositions) positions.set(key, position)
    return position
  }
  const forget = (): void => {
    positions = new Map()
    transitions = 0
    end.next.clear()
  }
  return {
    size: machine.states.length,
    /** Whether the whole of a non-empty text matches. */
    test(text: string): boolean {
      if (positions.size === maxPositions || transitions >= maxTransitions) forget()
      let position = end
      for (let index = text.length - 1; index >= 0; index -= 1) {
        const code = text.charCodeAt(index) + (index === 0 ? firstCharacter : 0)
        const known = position.next.get(code)
        const before = known ?? remember(decide(position.holds, text.charAt(index), index === 0))
        if (known === undefined && transitions < maxTransitions) {
          position.next.set(code, before)
          transitions += 1
        }
        position = before
      }
      return position.holds[start] === 1
    },
  }
}

function add(machine: Machine, state: State, layer: number): number {
  if (machine.states.length >= machine.maxStates) {
    throw new UnsupportedSyntax('is too intricate; write several shorter patterns')
  }
  machine.layerOf.push(layer)
  return machine.states.push(state) - 1
}

/** Adds the states of an expression with successor `next`, and returns the first of them. */
function compile(machine: Machine, given: Expression, next: number, layer: number): number {
  switch (given.kind) {
    case 'character': {
      const matches = new RegExp(`^${given.source}$`, machine.flags)
      return add(machine, { kind: 'character', matches, next: [next] }, layer)
    }
    case 'start':
    case 'end':
      return add(machine, { kind: given.kind, next: [next] }, layer)
    case 'sequence':
      return given.parts.reduceRight((after, part) => compile(machine, part, after, layer), next)
    case 'choice': {
      const ways = given.parts.map((part) => compile(machine, part, next, layer))
      return add(machine, { kind: 'fork', next: ways }, layer)
    }
    case 'repeat': {
      const ways = [next]
      const fork = add(machine, { kind: 'fork', next: ways }, layer)
      const part = compile(machine, given.part, given.isEndless ? fork : next, layer)
      ways.push(part)
      return given.isOptional ? fork : part
    }
    case 'lookahead': {
      const accept = add(machine, { kind: 'accept', next: [] }, layer + 1)
      const sub = compile(machine, given.part, accept, layer + 1)
      const { isNegative } = given
      return add(machine, { kind: 'lookahead', sub, isNegative, next: [next] }, layer)
    }
  }
}

/**
 * Builds the function that evaluates every state at one position: `following` holds the states behind `character`,
 * undefined at the text's end. The number of states and of their successors bounds the work.
 */
function createDecision({ states, layerOf }: Machine) {
  const layers = Math.max(...layerOf) + 1
  const ids = states.map((_, id) => id)
  const seeds = Array.from({ length: layers }, (_, layer) =>
    ids.filter((id) => {
      const kind = states[id]?.kind
      return layerOf[id] === layer && (kind === 'accept' || kind === 'character')
    }),
  ).toReversed() // A lookahead is evaluated before the state that uses it.
  const before = precedingAtOnePlace(states)
  return (
    following: Uint8Array | undefined,
    character: string,
    isStart: boolean,
  ): Uint8Array<ArrayBuffer> => {
    const holds = new Uint8Array(states.length)
    const lets = (id: number): boolean => {
      const state = states[id]
      if (state?.kind === 'start') return isStart
      if (state?.kind === 'end') return following === undefined
      if (state?.kind === 'lookahead') return (holds[state.sub] === 1) !== state.isNegative
      return true
    }
    const isSeed = (id: number): boolean => {
      const state = states[id]
      if (state?.kind !== 'character') return true
      return following?.[state.next[0] ?? 0] === 1 && state.matches.test(character)
    }
    for (const layer of seeds) {
      const open = layer.filter(isSeed)
      for (const id of open) holds[id] = 1
      for (let id = open.pop(); id !== undefined; id = open.pop()) {
        for (const earlier of before[id] ?? []) {
          if (holds[earlier] === 1 || !lets(earlier)) continue
          holds[earlier] = 1
          open.push(earlier)
        }
      }
    }
    return holds
  }
}

/** For each state, the states that lead to it without a character. */
function precedingAtOnePlace(states: readonly State[]): number[][] {
  const before = states.map((): number[] => [])
  for (const [id, { kind, next }] of states.entries()) {
    if (kind !== 'character') for (const after of next) before[after]?.push(id)
  }
  return before
}

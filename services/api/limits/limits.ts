import type { ErrorCode } from '../../../shared/process/errors.ts'
import { TryLater } from '../http/problem.ts'

/** One limit; `docs/configuration.md` lists them all. */
interface Definition {
  /** As a refusal names it. */
  what: string
  /** Answered where all of it is in use. */
  code: ErrorCode
  retryAfterSeconds: number
  /** The variable that sets it; a refusal names it. */
  setting: string
}

const busy = { code: 'service_busy' } as const

/** Every limit on concurrent use of the service. */
export const definitions = {
  connections: {
    ...busy,
    what: 'connections',
    retryAfterSeconds: 5,
    setting: 'SCRIPTORIUM_MAX_CONNECTIONS',
  },
  body_bytes: {
    ...busy,
    what: 'bytes of JSON bodies',
    retryAfterSeconds: 5,
    setting: 'SCRIPTORIUM_MAX_BODY_MEMORY',
  },
  open_uploads: {
    ...busy,
    what: 'open uploads',
    retryAfterSeconds: 5,
    setting: 'SCRIPTORIUM_MAX_UPLOADS',
  },
  event_streams: {
    ...busy,
    what: 'event streams',
    retryAfterSeconds: 30,
    setting: 'SCRIPTORIUM_MAX_STREAMS',
  },
  renderings: {
    ...busy,
    what: 'renderings of PDFs',
    retryAfterSeconds: 5,
    setting: 'SCRIPTORIUM_MAX_RENDERINGS',
  },
  pictures: {
    ...busy,
    what: 'pictures of pages',
    retryAfterSeconds: 2,
    setting: 'SCRIPTORIUM_MAX_PICTURES',
  },
  searches: {
    ...busy,
    what: 'searches',
    retryAfterSeconds: 5,
    setting: 'SCRIPTORIUM_MAX_SEARCHES',
  },
  spool_bytes: {
    code: 'disk_full',
    what: 'bytes of the spool',
    retryAfterSeconds: 30,
    setting: 'SCRIPTORIUM_MIN_FREE_BYTES',
  },
  queue_jobs: {
    code: 'queue_full',
    what: 'waiting jobs',
    retryAfterSeconds: 60,
    setting: 'SCRIPTORIUM_MAX_QUEUE',
  },
  uncollected_results: {
    ...busy,
    what: 'unrecorded results',
    retryAfterSeconds: 10,
    setting: 'SCRIPTORIUM_MAX_RESULTS',
  },
  webhooks: {
    code: 'too_many_webhooks',
    what: 'webhooks',
    retryAfterSeconds: 60,
    setting: 'SCRIPTORIUM_MAX_WEBHOOKS',
  },
} as const satisfies Record<string, Definition>

export type LimitName = keyof typeof definitions
const isName = (text: string): text is LimitName => Object.hasOwn(definitions, text)
export const names = Object.keys(definitions).filter(isName)

/** A holder's use of a limit. */
export interface Held {
  /** Takes more for the same purpose. Throws like `take`; the amount held so far stays. */
  takeMore: (amount: number) => void
  /** Gives a part back before the end. */
  giveBack: (amount: number) => void
  /** Releases the rest; idempotent. */
  release: () => void
}

interface LimitFigures {
  name: LimitName
  used: number
  limit: number
  refused: number
}

interface State {
  limit: number
  used: number
  refused: number
  byHolder: Map<string, number>
}

/**
 * Owns every limit: its use, its holders, and the error when it is exceeded. One holder (a token, or an address without
 * tokens) gets at most half of a limit, so that none takes all of it from the others; larger requests are admitted one
 * at a time.
 */
export function createLimits(limits: Readonly<Record<LimitName, number>>) {
  const states = new Map<LimitName, State>()
  const stateOf = (name: LimitName): State => {
    const known = states.get(name)
    if (known !== undefined) return known
    const state = { limit: limits[name], used: 0, refused: 0, byHolder: new Map() }
    states.set(name, state)
    return state
  }
  const refuse = (name: LimitName, code: ErrorCode, message: string, seconds?: number): never => {
    stateOf(name).refused += 1
    throw new TryLater(code, message, seconds ?? definitions[name].retryAfterSeconds)
  }
  const refuseAll = (name: LimitName, seconds?: number): never => {
    const { what, code, setting } = definitions[name]
    return refuse(name, code, `the limit on ${what} is reached; see ${setting}`, seconds)
  }

  return {
    /** Takes some of a limit for one holder. Throws the limit's code, or `too_many_open` where it is the holder's share. */
    take(name: LimitName, holder: string, amount = 1): Held {
      const state = stateOf(name)
      let left = 0
      const change = (by: number): void => {
        left += by
        state.used += by
        const now = (state.byHolder.get(holder) ?? 0) + by
        if (now > 0) state.byHolder.set(holder, now)
        else state.byHolder.delete(holder)
      }
      const takeMore = (more: number): void => {
        const own = state.byHolder.get(holder) ?? 0
        if (state.used + more > state.limit) refuseAll(name)
        if (own > left && own + more > state.limit / 2) {
          const { what, setting } = definitions[name]
          const message = `this caller already uses half of the limit on ${what}, its share; see ${setting}`
          refuse(name, 'too_many_open', message)
        }
        change(more)
      }
      takeMore(amount)
      return {
        takeMore,
        giveBack: (part) => change(-Math.min(left, Math.max(0, part))),
        release: () => change(-left),
      }
    },
    /** Records a use that is counted elsewhere, and throws if there is no room for more. */
    require(name: LimitName, used: number, retryAfterSeconds?: number): void {
      const state = stateOf(name)
      state.used = used
      if (used >= state.limit) refuseAll(name, retryAfterSeconds)
    },
    /** Records a use that is counted elsewhere. */
    note(name: LimitName, used: number): void {
      stateOf(name).used = used
    },
    /** Changes a limit that depends on the machine: the spool's is the space of its disk. */
    move(name: LimitName, limit: number): void {
      stateOf(name).limit = limit
    },
    figures: (): LimitFigures[] =>
      names.map((name) => {
        const { used, limit, refused } = stateOf(name)
        return { name, used, limit, refused }
      }),
  }
}

export type ServiceLimits = ReturnType<typeof createLimits>

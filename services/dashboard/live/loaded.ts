import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiProblem } from './api.ts'

/** An answer of the API on its way: a reload keeps the last value, and a failed one adds its problem. */
export interface Loaded<T> {
  value: T | undefined
  problem: ApiProblem | undefined
  isLoading: boolean
  /** Asks again. */
  reload: () => void
  /** Replaces the value by one that came another way: an action's answer, or an event. */
  put: (value: T) => void
}

interface State<T> {
  key: string
  value?: T
  problem?: ApiProblem
}

const toApiProblem = (thrown: unknown): ApiProblem =>
  thrown instanceof ApiProblem
    ? thrown
    : new ApiProblem('unexpected', 0, `The dashboard failed: ${String(thrown)}`)

/**
 * Loads a value, and again whenever `key` changes or `everyMs` is over. A hidden page asks nothing; a service that fails
 * is asked again after a time that grows to 30 s.
 */
export function useLoaded<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs?: number,
): Loaded<T> {
  const [state, setState] = useState<State<T>>({ key })
  const [turn, setTurn] = useState(0)
  const latest = useRef(load)
  latest.current = load
  useEffect(() => {
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let failures = 0
    const again = (): void => {
      const waitMs = failures === 0 ? everyMs : Math.min(30_000, 1_000 * 2 ** failures)
      if (waitMs !== undefined) timer = setTimeout(() => void look(), waitMs)
    }
    const look = async (): Promise<void> => {
      clearTimeout(timer)
      if (document.hidden) return
      try {
        const value = await latest.current(ended.signal)
        if (ended.signal.aborted) return
        failures = 0
        setState({ key, value })
      } catch (thrown) {
        if (ended.signal.aborted) return
        const problem = toApiProblem(thrown)
        failures += 1
        setState((before) => (before.key === key ? { ...before, problem } : { key, problem }))
        // A refusal stays one: only an outage is worth another request.
        if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) return
      }
      again()
    }
    const onShown = (): void => {
      if (!document.hidden) void look()
    }
    document.addEventListener('visibilitychange', onShown)
    void look()
    return () => {
      ended.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onShown)
    }
  }, [key, everyMs, turn])
  const isCurrent = state.key === key
  return {
    value: isCurrent ? state.value : undefined,
    problem: isCurrent ? state.problem : undefined,
    isLoading: !isCurrent || (state.value === undefined && state.problem === undefined),
    reload: () => setTurn((before) => before + 1),
    put: (value) => setState({ key, value }),
  }
}

import type { Progress, RunEvent } from '../../../../shared/contract/messages/progress.ts'
import type { IngestOptions } from '../arguments.ts'
import { followRun } from '../follow.ts'
import { createHandover } from '../handover.ts'
import type { Inputs } from '../inputs.ts'
import { buildRequest } from '../request.ts'
import type { RunServices } from '../run-services.ts'

/** The end of a run of some files. */
export interface RoundEnd {
  state: Progress['state']
  error: Progress['error']
  /** The last event of each path; a file that was read before, and is unchanged, has none. */
  events: Map<string, RunEvent>
  /** Whether every path has an event or was unchanged: none was lost with Redis. */
  isWhole: boolean
}

interface Deps {
  services: RunServices
  options: IngestOptions
  inputs: Inputs
  out: string
  tell: (line: string) => void
  onEvent: (event: RunEvent) => void
  stopping: AbortSignal
}

/** Reads some files in a run of their own, and follows it to its end. */
export async function readRound(deps: Deps): Promise<RoundEnd> {
  const { services, options, inputs, out, tell, stopping } = deps
  const { redis, keys } = services
  const request = buildRequest(options, inputs, out)
  const { paths } = inputs
  const { pdfPassword } = options
  const handover = createHandover({ services, request, paths, pdfPassword, tell })
  stopping.addEventListener('abort', handover.end)
  try {
    await handover.answer(handover.begin())
    if (stopping.aborted) handover.end()
    services.begin()
    const events = new Map<string, RunEvent>()
    let last: Progress | undefined
    const following = { redis, keys, runId: request.runId, hasReport: true, handover }
    for await (const { progress, events: some } of followRun(following)) {
      for (const event of some) {
        events.set(event.path, event)
        deps.onEvent(event)
      }
      const hasWork = progress.planned > progress.done + progress.failed
      if (hasWork && !stopping.aborted) services.needWorkers()
      last = progress
    }
    const unchanged = last?.unchanged ?? 0
    return {
      state: last?.state ?? 'interrupted',
      error: last?.error ?? null,
      events,
      isWhole: events.size + unchanged >= paths.length,
    }
  } finally {
    stopping.removeEventListener('abort', handover.end)
  }
}

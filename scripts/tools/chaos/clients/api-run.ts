import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { finding, type ChaosFinding } from '../history/findings.ts'
import type { History } from '../history/history.ts'
import type { World } from '../world/world.ts'
import type { Folder } from '../corpus/folder.ts'
import { ask, describeAnswer, isUnexpected, type HttpAnswer } from './http.ts'
import type { ClientRun } from './run.ts'

const pauseMs = 500

/** Submits a folder run through the API: retries until it is accepted, and then polls its state until it has ended. */
export function startApiRun(
  world: World,
  folder: Folder,
  history: History,
  over: AbortSignal,
): ClientRun {
  const findings: ChaosFinding[] = []
  let steps = 0
  let isDone = false

  const look = async (path: string, init?: RequestInit): Promise<HttpAnswer> => {
    const answer = await ask(`${world.address}${path}`, init)
    if (isUnexpected(answer) && world.setting.old === undefined)
      findings.push(finding('answers', `${path}: ${describeAnswer(answer)}`))
    return answer
  }
  const begin = async (): Promise<string | undefined> => {
    const body = JSON.stringify({ root: 'in', path: folder.name, tag: folder.name })
    const headers = { 'content-type': 'application/json' }
    while (!over.aborted) {
      const answer = await look('/v1/runs', { method: 'POST', body, headers })
      const id = answer.status < 300 ? idOf(answer.body) : undefined
      const ended = id !== undefined ? 'ok' : answer.status === 0 ? 'info' : 'fail'
      history.operation('api run', folder.name, ended, { id, answer: describeAnswer(answer) })
      if (id !== undefined) return id
      await delay(pauseMs)
      // Its answer may have been lost.
      const found = await look(`/v1/runs?tag=${folder.name}`)
      const [first]: unknown[] = Array.isArray(found.body['items']) ? found.body['items'] : []
      const known = typeof first === 'object' && first !== null ? idOf({ ...first }) : undefined
      if (known !== undefined) return known
    }
    return undefined
  }
  const follow = async (): Promise<void> => {
    const id = await begin()
    if (id === undefined) return
    while (!over.aborted) {
      steps += 1
      const answer = await ask(`${world.address}/v1/runs/${id}`)
      const state = answer.status === 200 ? answer.body['state'] : 'active'
      if (state !== 'active' && typeof state === 'string') {
        history.operation('api run', folder.name, 'ok', {
          id,
          state,
          counts: answer.body['counts'],
        })
        if (state !== 'finished')
          findings.push(finding('exits', `run ${id} of ${folder.name} ended ${state}`))
        isDone = true
        return
      }
      await delay(pauseMs)
    }
  }
  return {
    kind: 'api',
    folder,
    data: world.folders.data,
    findings,
    // A repeated request is no progress: the ledger shows that.
    steps: () => Math.min(steps, 1),
    isDone: () => isDone,
    done: follow(),
    process: () => undefined,
    struck: () => undefined,
    healed: () => undefined,
  }
}

/** Output folder of an API run. */
export const outOfApiRun = (world: World, name: string): string =>
  join(world.folders.out, 'in', name)

const idOf = (body: Record<string, unknown>): string | undefined =>
  typeof body['id'] === 'string' ? body['id'] : undefined

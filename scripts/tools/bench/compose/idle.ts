import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Figure } from '../run/setting.ts'
import type { ComposePart, ComposeSetting } from './setting.ts'

const targetPercent = 2
const workers = 4
/** By then start-up and its clean-up are over, and the collector is quiet. */
const settleMs = 45_000
const watchMs = 60_000
const services = ['redis', 'api', 'aggregator', 'worker']
const socketPath = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(
  /^unix:\/\//,
  '',
)

/** Cost of a stack without work: percent of one core. */
export const idle: ComposePart = {
  name: 'idle',
  about: `processor time of the whole stack with ${workers} idle workers`,
  async run({ project, rounds, say }) {
    await project.must('up', '-d', '--scale', `worker=${workers}`)
    await project.ready(workers)
    await delay(settleMs)
    const found = new Map<string, number[]>([['the whole stack', []]])
    for (let index = 1; index <= rounds; index += 1) {
      const before = await usages(project)
      await delay(watchMs)
      const after = await usages(project)
      let sum = 0
      for (const service of services) {
        const percent =
          (100 * ((after.get(service) ?? 0) - (before.get(service) ?? 0))) / (watchMs / 1_000)
        found.set(service, [...(found.get(service) ?? []), percent])
        sum += percent
      }
      found.get('the whole stack')?.push(sum)
      say(`round ${index}: ${sum.toFixed(2)} %`)
    }
    return { kind: 'measured', figures: [...found].map(toFigure) }
  },
}

const toFigure = ([name, values]: [string, number[]], index: number): Figure => ({
  name: index === 0 ? name : `  ${name}${name === 'worker' ? ` (all ${workers})` : ''}`,
  values,
  unit: '% of a core',
  ...(index === 0 && { target: { max: targetPercent } }),
})

/** Processor time of each service's containers together, in seconds, as the engine counts it. */
async function usages(project: ComposeSetting['project']): Promise<Map<string, number>> {
  const seconds = new Map<string, number>()
  for (const service of services) {
    const ids = await project.containers(service)
    const each = await Promise.all(ids.map(usageOf))
    seconds.set(
      service,
      each.reduce((sum, value) => sum + value, 0),
    )
  }
  return seconds
}

/** `docker stats` covers the last second only; its source counts from the start. */
async function usageOf(id: string): Promise<number> {
  const path = `/containers/${id}/stats?stream=false&one-shot=true`
  const stats = await new Promise<unknown>((resolve, reject) => {
    request({ socketPath, path }, (response) => void json(response).then(resolve, reject))
      .on('error', reject)
      .end()
  })
  const nanoseconds = find(find(find(stats, 'cpu_stats'), 'cpu_usage'), 'total_usage')
  if (typeof nanoseconds !== 'number')
    throw new Error(`the engine reports no processor time of ${id}`)
  return nanoseconds / 1e9
}

const find = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined

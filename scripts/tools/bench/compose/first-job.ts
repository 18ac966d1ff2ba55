import { join } from 'node:path'
import { copyPage } from '../pages/page-set.ts'
import { docker } from './engine.ts'
import type { ComposePart, ComposeSetting } from './setting.ts'

const targetSeconds = 5

/** A worker container that is added while a job waits. */
export const firstJob: ComposePart = {
  name: 'first-job',
  about: 'seconds from the start of a worker container to the start of its first page',
  async run(setting) {
    const { project, rounds, say } = setting
    await project.must('up', '-d', '--scale', 'worker=1')
    await project.ready(1)
    const values: number[] = []
    for (let index = 1; index <= rounds; index += 1) {
      const seconds = await measure(setting, index)
      say(`round ${index}: ${seconds.toFixed(2)} s`)
      values.push(seconds)
    }
    const name = 'container started to page begun'
    return {
      kind: 'measured',
      figures: [{ name, values, unit: 's', target: { max: targetSeconds } }],
    }
  },
}

async function measure(
  { project, repository, workspace }: ComposeSetting,
  index: number,
): Promise<number> {
  await project.must('up', '-d', '--scale', 'worker=0')
  const page = join(workspace, `first-${index}.png`)
  copyPage(join(repository, 'samples/seeds.png'), page, index)
  const { links } = await project.client.upload([page])
  const begun = beginningOf(project.client.follow(links))
  await project.must('up', '-d', '--scale', 'worker=1')
  const at = await begun
  const [container = ''] = await project.containers('worker')
  const started = await docker('inspect', '-f', '{{.State.StartedAt}}', container)
  return (Date.parse(at) - Date.parse(started)) / 1_000
}

/** When the worker began the document's first page, according to its log. */
async function beginningOf(
  events: AsyncIterable<{ event?: string | undefined; data: string }>,
): Promise<string> {
  for await (const { event, data } of events) {
    if (event !== 'started') continue
    const step: unknown = JSON.parse(data)
    if (typeof step === 'object' && step !== null && 'at' in step) return String(step.at)
  }
  throw new Error('the page was never begun')
}

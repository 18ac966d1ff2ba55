import type { Ending } from '../helpers/folder.ts'
import { waitFor } from '../helpers/wait.ts'
import { startCommand } from '../../scripts/tools/bench/compose/engine.ts'
import type { Project } from '../../scripts/tools/bench/compose/project.ts'

/** A container event of the Docker engine. */
interface ContainerEvent {
  /** `die`, `oom`, `start`, `health_status: unhealthy`, … */
  action: string
  service: string
  id: string
  /** Of a container that died. */
  exitCode: number
}

interface RawEvent {
  Type: string
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
}

/** Records the events of a project's containers, also of those that are removed soon. */
export async function recordEvents(
  ending: Ending,
  { name }: Project,
): Promise<() => ContainerEvent[]> {
  const label = `label=com.docker.compose.project=${name}`
  const since = String(Math.floor(Date.now() / 1_000) - 1)
  const program = startCommand('docker', [
    'events',
    '--since',
    since,
    '--filter',
    label,
    '--format',
    '{{json .}}',
  ])
  ending.after(() => program.kill())
  await waitFor('the recorder', () => program.isRunning())
  return () =>
    program
      .stdout()
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as RawEvent)
      .filter(({ Type }) => Type === 'container')
      .map(({ Action, Actor: { ID, Attributes } }) => ({
        action: Action,
        service: Attributes['com.docker.compose.service'] ?? '',
        id: ID,
        exitCode: Number(Attributes['exitCode'] ?? Number.NaN),
      }))
}

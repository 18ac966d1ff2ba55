import { descendants } from '../world/descendants.ts'
import { signalProcess } from '../world/process.ts'
import type { RoleName } from '../world/world.ts'
import { chooseTarget, moment, type ChaosFault, type Scene } from './fault.ts'

interface Target {
  pid: number
  name: string
}

type FindTarget = (scene: Scene) => Target | undefined

const target = (pid: number | undefined, name: string): Target | undefined =>
  pid === undefined ? undefined : { pid, name }

const ofRole =
  (name: RoleName): FindTarget =>
  ({ world }) =>
    target(world.roles[name].pid(), name)

const worker: FindTarget = ({ world, dice }) => {
  const fleet = world.roles.fleet.pid()
  if (fleet === undefined) return undefined
  const all = descendants(fleet, 'workers/ocr/main.ts')
  const pid = chooseTarget(all, dice)
  return target(pid, `worker ${all.indexOf(pid ?? 0)}`)
}

const redis: FindTarget = ({ world }) => target(world.redis.pid(), 'redis')

/** An ingest that is running, and its run knows that its end is our doing. */
const ingest: FindTarget = ({ clients, dice }) => {
  const run = chooseTarget(
    clients.runs.filter((each) => each.process() !== undefined),
    dice,
  )
  run?.struck()
  return target(run?.process()?.pid, `${run?.kind} ${run?.folder.name}`)
}

/** One of the processes that an ingest has started for itself. */
const child: FindTarget = ({ clients, dice }) => {
  const own = clients.runs.find((run) => run.kind === 'own ingest')?.process()
  if (own === undefined) return undefined
  const all = descendants(own.pid)
  const pid = chooseTarget(all, dice)
  return target(pid, `child ${all.indexOf(pid ?? 0)} of own ingest`)
}

const targets: readonly [name: string, find: FindTarget][] = [
  ['worker', worker],
  ['fleet', ofRole('fleet')],
  ['aggregator', ofRole('aggregator')],
  ['api', ofRole('api')],
  ['ingest', ingest],
  ['child', child],
]

const send = (found: Target | undefined, signal: NodeJS.Signals) => {
  if (found === undefined || !signalProcess(found.pid, signal)) return undefined
  return { target: found.name }
}

const kill = (name: string, find: FindTarget, signal: 'SIGKILL' | 'SIGTERM'): ChaosFault => ({
  name: `${signal === 'SIGKILL' ? 'kill' : 'end'} ${name}`,
  holds: name,
  lastsMs: moment,
  strike: (scene) => send(find(scene), signal),
})

const freeze = (name: string, find: FindTarget, maxMs: number): ChaosFault => ({
  name: `freeze ${name}`,
  holds: name,
  lastsMs: [1_000, maxMs],
  strike(scene) {
    const found = find(scene)
    const strike = send(found, 'SIGSTOP')
    return strike && { ...strike, heal: () => void send(found, 'SIGCONT') }
  },
})

/** Each role killed, ended and frozen, and Redis killed and frozen. */
export const processFaults: readonly ChaosFault[] = [
  ...targets.flatMap(([name, find]) => [
    kill(name, find, 'SIGKILL'),
    kill(name, find, 'SIGTERM'),
    freeze(name, find, 10_000),
  ]),
  {
    name: 'kill redis',
    holds: 'redis',
    lastsMs: [300, 8_000],
    async strike({ world }) {
      await world.redis.kill()
      return { target: 'redis', heal: () => world.redis.start() }
    },
  },
  freeze('redis', redis, 8_000),
]

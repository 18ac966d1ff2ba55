import { chooseParts, benchCommand } from '../arguments.ts'
import { runParts, type Deps } from '../run/run-parts.ts'
import { findDockerEngine } from './engine.ts'
import { firstJob } from './first-job.ts'
import { idle } from './idle.ts'
import { image } from './image.ts'
import { createProject, usualUser } from './project.ts'
import type { ComposePart } from './setting.ts'
import { speed } from './speed.ts'

const parts: readonly ComposePart[] = [image, firstJob, idle, speed]

interface Options {
  rounds: number
  pages?: string
  json?: string
}

/** Runs the selected parts on a project of its own, and prints their findings. */
export async function runComposeBench(deps: Deps): Promise<void> {
  const command = benchCommand('npm run bench:compose --', parts).description(
    'Measures the containers of docker-compose.yml on this machine.',
  )
  const chosen = chooseParts(command, deps.arguments, parts)
  const options = command.opts<Options>()
  const engine = findDockerEngine()
  if ('reason' in engine) throw new Error(engine.reason)
  const endings: (() => unknown)[] = []
  const ending = { after: (work: () => unknown) => void endings.push(work) }
  const project = await createProject(ending, engine, { user: usualUser })
  try {
    deps.say('building the image')
    await project.must('build')
    await runParts(deps, parts, { ...options, parts: chosen }, (bench) => ({ ...bench, project }))
  } finally {
    for (const end of endings) await end()
  }
}

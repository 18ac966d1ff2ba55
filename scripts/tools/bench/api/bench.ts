import { resolve } from 'node:path'
import { runParts, type Deps } from '../run/run-parts.ts'
import { parseApiArguments } from './arguments.ts'
import { dashboard } from './dashboard/dashboard.ts'
import { folder } from './folder.ts'
import { interactive } from './interactive.ts'
import { large } from './large.ts'
import { apiMemory } from './memory.ts'
import type { ApiPart } from './setting.ts'
import { streams } from './streams.ts'
import { uploads } from './uploads.ts'

const parts: readonly ApiPart[] = [
  uploads,
  apiMemory,
  large,
  interactive,
  streams,
  folder,
  dashboard,
]

/** Runs the selected parts, one after another, and prints their findings. */
export async function runApiBench(deps: Deps): Promise<void> {
  const options = parseApiArguments(deps.arguments, parts)
  const { parts: _, profile, json: __, pages: ___, rounds: ____, ...amounts } = options
  const environment =
    profile === undefined
      ? deps.environment
      : { ...deps.environment, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${resolve(profile)}` }
  await runParts({ ...deps, environment }, parts, options, (bench) => ({ ...bench, ...amounts }))
}

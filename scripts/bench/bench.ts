import { accuracy } from './accuracy.ts'
import { parseArguments } from './arguments.ts'
import { coldstart } from './coldstart.ts'
import { document } from './document.ts'
import { efficiency } from './efficiency.ts'
import { memory } from './memory.ts'
import { pipeline } from './pipeline.ts'
import { createReadings } from './readings.ts'
import { rerun } from './rerun.ts'
import { runParts, type Deps } from './run-parts.ts'
import type { Part } from './setting.ts'

/** Short ones first; accuracy after efficiency, whose texts it takes. */
const parts: readonly Part[] = [coldstart, pipeline, efficiency, accuracy, document, memory, rerun]

/** Runs the parts that the arguments name, one after another, and prints what they found. */
export async function runBench(deps: Deps): Promise<void> {
  const options = parseArguments(deps.arguments, parts)
  const { documents, files, pagesRead } = options
  await runParts(deps, parts, options, (bench) => ({
    ...bench,
    documents,
    files,
    pagesRead,
    readings: createReadings(),
  }))
}

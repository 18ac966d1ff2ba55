import { accuracy } from './kinds/accuracy.ts'
import { parseBenchArguments } from './arguments.ts'
import { coldstart } from './kinds/coldstart.ts'
import { document } from './kinds/document.ts'
import { efficiency } from './kinds/efficiency.ts'
import { memory } from './kinds/memory.ts'
import { pipeline } from './kinds/pipeline.ts'
import { createReadings } from './kinds/readings.ts'
import { rerun } from './kinds/rerun.ts'
import { runParts, type Deps } from './run/run-parts.ts'
import type { Part } from './run/setting.ts'

/** Short ones first; accuracy after efficiency, whose texts it uses. */
const parts: readonly Part[] = [coldstart, pipeline, efficiency, accuracy, document, memory, rerun]

/** Runs the selected parts, one after another, and prints their findings. */
export async function runBench(deps: Deps): Promise<void> {
  const options = parseBenchArguments(deps.arguments, parts)
  const { documents, files, pagesRead } = options
  await runParts(deps, parts, options, (bench) => ({
    ...bench,
    documents,
    files,
    pagesRead,
    readings: createReadings(),
  }))
}

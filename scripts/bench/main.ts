import { startBench } from './start-bench.ts'
import { runBench } from './bench.ts'

await startBench(process, runBench)

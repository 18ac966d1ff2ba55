import { startBench } from './run/start-bench.ts'
import { runBench } from './bench.ts'

await startBench(process, runBench)

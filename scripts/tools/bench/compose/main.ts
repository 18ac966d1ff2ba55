import { startBench } from '../run/start-bench.ts'
import { runComposeBench } from './bench.ts'

await startBench(process, runComposeBench)

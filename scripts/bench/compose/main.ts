import { startBench } from '../start-bench.ts'
import { runComposeBench } from './bench.ts'

await startBench(process, runComposeBench)

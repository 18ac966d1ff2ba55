import { startBench } from '../run/start-bench.ts'
import { runApiBench } from './bench.ts'

await startBench(process, runApiBench)

import { startBench } from '../start-bench.ts'
import { runPeersBench } from './bench.ts'

await startBench(process, runPeersBench)

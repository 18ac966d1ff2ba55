import { startBench } from '../run/start-bench.ts'
import { runPeersBench } from './bench.ts'

await startBench(process, runPeersBench)

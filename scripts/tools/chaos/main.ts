import { runChaos } from './chaos.ts'
import { startTool } from './start-tool.ts'

await startTool('chaos', process, runChaos)

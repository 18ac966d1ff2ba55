import { runChaos } from './chaos.ts'
import { startTool } from '../common/start-tool.ts'

await startTool('chaos', process, runChaos)

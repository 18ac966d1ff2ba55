import { startTool } from '../chaos/start-tool.ts'
import { runFuzz } from './fuzz.ts'

await startTool('fuzz', process, runFuzz)

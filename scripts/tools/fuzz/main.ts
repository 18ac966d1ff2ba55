import { startTool } from '../common/start-tool.ts'
import { runFuzz } from './fuzz.ts'

await startTool('fuzz', process, runFuzz)

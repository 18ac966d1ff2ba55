import { after } from 'node:test'
import { createDecoder } from '../../../services/outputs/decoder/decoder.ts'

/** The decoder of a test file, for output that shows its input. */
export const decoder = createDecoder()
after(() => decoder.close())

import type { EngineFactory } from '../../../../workers/ocr/engine/engine.ts'

const word = { text: 'nothing', confidence: 100, bbox: { x0: 0, y0: 0, x1: 8, y1: 8 } }
const line = { ...word, baseline: { x0: 0, y0: 8, x1: 8, y1: 8 }, size: 8, words: [word] }
const block = { ...word, paragraphs: [{ ...word, lines: [line] }] }

/** An engine that reads nothing in no time: only the pipeline's own work remains. */
export const createEngine: EngineFactory = async () => ({
  recognise: async () => ({ text: word.text, confidence: word.confidence, blocks: [block] }),
  close: async () => undefined,
})

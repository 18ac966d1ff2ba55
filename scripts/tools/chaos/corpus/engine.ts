/** A fast engine: its text is a function of the page's pixels, so that a misplaced text is detected. */
import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineFactory } from '../../../../workers/ocr/engine/engine.ts'

/** Long enough for faults to strike while a page is being read. */
const pageMs = 10

export const createEngine: EngineFactory = async () => ({
  async recognise({ pgm, width, height }) {
    await delay(pageMs)
    const bbox = { x0: 0, y0: 0, x1: width, y1: height }
    const baseline = { x0: 0, y0: height, x1: width, y1: height }
    const words = (hash('sha256', pgm).match(/.{8}/g) ?? []).map((text) => ({
      text,
      confidence: 90,
      bbox,
    }))
    const text = words.map((word) => word.text).join(' ')
    const whole = { text, confidence: 90, bbox }
    const line = { ...whole, baseline, size: height, words }
    return {
      text,
      confidence: 90,
      blocks: [{ ...whole, paragraphs: [{ ...whole, lines: [line] }] }],
    }
  },
  close: async () => undefined,
})

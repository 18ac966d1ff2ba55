import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defaultRecipe } from '../../../../shared/contract/recipe.ts'
import { createTesseract } from '../../../../workers/ocr/engine/tesseract.ts'
import { readAll } from './loop.ts'
import { parseLoopOrder, type LoopAnswer } from './messages.ts'

const answer = (message: LoopAnswer): unknown => process.send?.(message)

process.on('disconnect', () => process.exit()) // The bench has its result, or has died.
const engine = await createTesseract(defaultRecipe, process.env['TESSDATA_PREFIX'])
const ordered = once(process, 'message')
answer({ kind: 'ready' })
const order = parseLoopOrder((await ordered)[0])
const { pages, seconds, texts } = await readAll(engine, order)
if (order.texts !== null) {
  for (const [path, text] of texts) {
    const file = join(order.texts, `${path}.txt`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text === '' ? '' : `${text}\n`) // As ingest writes it.
  }
}
answer({ kind: 'done', pages, seconds })

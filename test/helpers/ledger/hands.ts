import { join } from 'node:path'
import { openHandMarks, readHandMarks } from '../../../shared/hands/hand-marks.ts'
import { createHands } from '../../../shared/hands/hands.ts'
import { makeFolder, type Ending } from '../folder.ts'
import { silent } from '../processes/private-redis.ts'

/** Hands with a real marks file, these deaths by item, and the content that a successor would find. */
export function makeHands(
  ending: Ending,
  suspects: Record<string, number> = {},
  patienceMs = 60_000,
  restMs = 0,
) {
  const file = join(makeFolder(ending), 'in-hand')
  const marks = openHandMarks(file)
  ending.after(() => marks.close())
  marks.begin()
  const forgotten: string[] = []
  const hands = createHands({
    marks,
    suspects: new Map(Object.entries(suspects)),
    forget: (item) => void forgotten.push(item),
    describe: (item) => `died over ${item}`,
    log: silent,
    patienceMs,
    restMs,
  })
  return { hands, forgotten, left: () => readHandMarks(file)?.items ?? [] }
}

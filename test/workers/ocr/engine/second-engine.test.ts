import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig, workerSchema } from '../../../../shared/process/config.ts'
import { startSecondEngine } from '../../../../workers/ocr/engine/second-engine.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { unmeasured } from '../../../../shared/redis/measures.ts'
import { createLogger } from '../../../../shared/process/logger.ts'

const log = createLogger('worker', 'silent')
const start = (environment: Record<string, string>) =>
  startSecondEngine(readConfig(workerSchema, environment), log, unmeasured)

test('no second engine is loaded where it is off, and none beside an engine other than Tesseract', async () => {
  assert.equal(await start({ SCRIPTORIUM_SECOND_ENGINE: 'off' }), undefined)
  assert.equal(await start({ SCRIPTORIUM_ENGINE: 'neural' }), undefined)
  assert.equal(await start({ SCRIPTORIUM_ENGINE: './own.ts' }), undefined)
})

test('a worker starts without a second engine that is not installed, and says so in one line', async (t) => {
  const warn = t.mock.method(log, 'warn')
  const second = await start({ SCRIPTORIUM_NEURAL_MODELS: makeFolder(t) })
  assert.equal(second, undefined)
  assert.deepEqual(
    warn.mock.calls.map(({ arguments: [, message] }) => message),
    ['the first engine reads alone'],
  )
})

test('the second engine is loaded for its languages, and stays silent for others', async () => {
  const second = await start({ SCRIPTORIUM_LANGUAGES: 'deu' })
  assert.ok(second !== undefined)
  assert.deepEqual(second.slot.warmEngines(), [])
  assert.equal(second.isFor({ languages: ['deu'] }), false)
  assert.equal(second.isFor({ languages: ['eng'] }), true)
  assert.equal(second.isFor({ languages: ['chi_sim', 'eng'] }), true)
  await second.slot.close()
})

import { Worker } from 'node:worker_threads'
import { programBeside } from '../../../../shared/files/package-root.ts'
import { findNeuralFiles } from '../../../../shared/engine/neural-models.ts'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { awaitUntil } from '../../../../shared/process/waiting/await-until.ts'
import type { Recipe } from '../../../../shared/contract/recipe.ts'
import type { Engine, EngineFactory, PreparedPage, Recognition } from '../engine.ts'
import { readInTime } from '../in-time.ts'
import type { NeuralAnswer } from './thread.ts'

const bootDeadlineMs = 60_000

/**
 * Loads the neural engine: models of PaddleOCR on the ONNX runtime, in a thread that ends at the page's deadline. A
 * call of the runtime cannot be interrupted; it covers one line or one strip of a page, so the thread ends within a
 * second. `folder` holds the models; without it they come from the npm package.
 */
export const createNeural =
  (folder: string | undefined): EngineFactory =>
  async ({ languages }: Recipe): Promise<Engine> => {
    const files = findNeuralFiles(languages, folder)
    const thread = new Worker(programBeside(import.meta.url, 'thread'), { workerData: files })
    const death = watch(thread)
    const ask = async (page?: PreparedPage): Promise<NeuralAnswer> => {
      const answer = new Promise<NeuralAnswer>((resolve) => void thread.once('message', resolve))
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
      if (page !== undefined) thread.postMessage(page)
      return Promise.race([answer, death])
    }
    try {
      await awaitUntil(ask(), { deadlineMs: bootDeadlineMs, late: () => new Error('no answer') })
    } catch (thrown) {
      await thread.terminate()
      const message = `the neural engine for ${languages.join('+')} does not start: ${toError(thrown).message}`
      throw new ScriptoriumError('engine_boot_failed', message, { cause: thrown })
    }
    return {
      recognise: (page, deadlineMs) => readInTime(ask(page).then(toRecognition), deadlineMs),
      async close() {
        await thread.terminate()
      },
    }
  }

function toRecognition(answer: NeuralAnswer): Recognition {
  switch (answer.kind) {
    case 'read':
      return answer.recognition
    case 'failed':
      throw new Error(answer.message)
    case 'ready':
      throw new Error('the thread started twice')
  }
}

/** Rejects when the thread ends: otherwise its answer would stay pending for ever. */
function watch(thread: Worker): Promise<never> {
  const death = new Promise<never>((_, reject) => {
    const die = (why: string) => (detail: unknown) =>
      reject(
        new ScriptoriumError(
          'engine_crash',
          `the engine's thread ${why} (${toError(detail).message})`,
        ),
      )
    thread.on('error', die('failed'))
    thread.on('exit', die('exited'))
  })
  death.catch(() => undefined)
  return death
}

import { Type } from '@sinclair/typebox'
import { ChildDied, startChild, type Child } from '../../../../shared/confined/child.ts'
import { environment, findWrapper } from '../../../../shared/confined/limits.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { longList, pageText } from '../../../../shared/contract/schema/bounded.ts'
import { blockSchema } from '../../../../shared/contract/result/layout.ts'
import type { Recipe } from '../../../../shared/contract/recipe.ts'
import { findNeuralFiles, type NeuralFiles } from '../../../../shared/engine/neural-models.ts'
import { programBeside } from '../../../../shared/files/package-root.ts'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { awaitUntil } from '../../../../shared/process/waiting/await-until.ts'
import type { Engine, EngineFactory, PreparedPage } from '../engine.ts'
import { readInTime } from '../in-time.ts'
import type { NeuralCalls } from './process.ts'

const bootDeadlineMs = 60_000
/** Memory of the process, bytes: a page takes 300 MB; beyond the first limit it is killed, beyond the other replaced. */
const [maxBytes, keepBytes] = [1_000 * 2 ** 20, 500 * 2 ** 20]

/**
 * The runtime takes and frees each tensor. By default glibc returns the large ones to the kernel at once, which then
 * clears their pages again: 45 % of a line's processor time, and a third of the detector's. Other allocators ignore it.
 */
const allocator = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(256 * 2 ** 20),
}

/**
 * Loads the neural engine: models of PaddleOCR on the ONNX runtime, in a process that is killed at the page's deadline.
 * A thread does not serve: the runtime aborts the whole process where its thread is ended in the middle of a call.
 * `folder` holds the models; without it they come from the npm package.
 */
export const createNeural =
  (folder: string | undefined): EngineFactory =>
  async ({ languages }: Recipe): Promise<Engine> => {
    const files = findNeuralFiles(languages, folder)
    const start = (): Promise<Child> => boot(files, languages)
    let child = await start()
    let isClosed = false
    const read = async ({ pgm, width, height, wishes }: PreparedPage) => {
      if (!isClosed && child.gauge.look() > keepBytes) {
        await child.end()
        child = await start()
      }
      if (isClosed) {
        await child.end()
        throw new ScriptoriumError('engine_crash', 'the engine was closed')
      }
      return parseRecognition(await ask(child, 'read', { pgm, width, height, wishes }))
    }
    return {
      recognise: (page, deadlineMs) => readInTime(read(page), deadlineMs),
      async close() {
        isClosed = true
        await child.end()
      },
    }
  }

async function boot(files: NeuralFiles, languages: readonly string[]): Promise<Child> {
  const script = programBeside(import.meta.url, 'process')
  const wrapper = await findWrapper(environment)
  const child = await startChild({ script, maxBytes, wrapper, variables: allocator })
  try {
    await awaitUntil(ask(child, 'load', files), { deadlineMs: bootDeadlineMs, late: noAnswer })
    return child
  } catch (thrown) {
    await child.end()
    const message = `the neural engine for ${languages.join('+')} does not start: ${toError(thrown).message}`
    throw new ScriptoriumError('engine_boot_failed', message, { cause: thrown })
  }
}

const noAnswer = (): Error => new Error('no answer')

const parseRecognition = createParser(
  "the neural engine's answer",
  Type.Object({
    text: pageText,
    confidence: Type.Number(),
    blocks: longList(blockSchema),
  }),
)

/** Rejects with `engine_crash` if the process dies, with an Error if the work fails. */
async function ask<N extends keyof NeuralCalls>(
  child: Child,
  name: N,
  argument: NeuralCalls[N]['argument'],
): Promise<unknown> {
  const response = await child.ask({ name, argument }).catch((thrown: unknown) => {
    if (!(thrown instanceof ChildDied)) throw thrown
    throw new ScriptoriumError('engine_crash', `the engine's process ${thrown.message}`)
  })
  if ('error' in response) throw new Error(response.error.message)
  return response.answer
}

import type { Worker as Thread } from 'node:worker_threads'
import { createWorker, type Worker } from 'tesseract.js'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import type { Recipe } from '../../shared/recipe.ts'
import { findLanguages } from '../../shared/tessdata.ts'
import type { Engine, PreparedPage, Recognition } from './engine.ts'
import { parseHocr } from './hocr.ts'
import { readInTime } from './in-time.ts'
import { linkModels, type LinkedModels } from './link-models.ts'

const bootDeadlineMs = 60_000

/**
 * Loads tesseract.js for one recipe: a worker thread that holds the WebAssembly engine and its models.
 * Everything that tesseract.js leaves open (see docs/architecture.md) is closed here: the boot deadline, the page
 * deadline, the death of the thread, rejections that are strings.
 */
export async function createTesseract(
  recipe: Recipe,
  tessdataPrefix: string | undefined,
): Promise<Engine> {
  const models = await findLanguages(recipe.languages, recipe.oem, tessdataPrefix)
  const linked = linkModels(models)
  try {
    const worker = await boot(recipe, linked)
    return await configure(worker)
  } finally {
    linked.remove() // The engine has copied the models into its own memory.
  }
}

async function boot(recipe: Recipe, { folder, names }: LinkedModels): Promise<Worker> {
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined) // Also rejected after boot, when nobody waits for it any more.
  const fail = (reason: string): void => {
    const message = `the engine for ${recipe.languages.join('+')} does not start: ${reason}`
    failure.reject(new ScriptoriumError('engine_boot_failed', message))
  }
  const timer = setTimeout(() => fail('no answer'), bootDeadlineMs)
  const created = createWorker(names, recipe.oem, {
    langPath: folder,
    gzip: false,
    cacheMethod: 'none',
    // Without a handler a rejection is thrown inside the library and ends the process.
    errorHandler: (thrown: unknown) => fail(toError(thrown).message),
  })
  try {
    return await Promise.race([created, failure.promise])
  } finally {
    clearTimeout(timer)
  }
}

async function configure(worker: Worker): Promise<Engine> {
  const threadDeath = watchThread(worker)
  const guarded = <T>(work: Promise<T>): Promise<T> => Promise.race([work, threadDeath])
  await guarded(worker.setParameters({ debug_file: '/dev/null' })) // Else the engine chats on stderr.
  return {
    async recognise(page, deadlineMs) {
      return readInTime(guarded(recognise(worker, page)), deadlineMs)
    },
    async close() {
      await worker.terminate()
    },
  }
}

/** Rejects when the engine's thread ends; without it `recognize` would stay pending for ever. */
function watchThread(worker: Worker): Promise<never> {
  const { worker: thread } = worker as unknown as { worker: Thread }
  const death = new Promise<never>((_, reject) => {
    const die = (why: string) => (detail: unknown) =>
      reject(new ScriptoriumError('engine_crash', `the engine's thread ${why} (${String(detail)})`))
    thread.on('error', die('broke'))
    thread.on('exit', die('ended'))
  })
  death.catch(() => undefined)
  return death
}

async function recognise(
  worker: Worker,
  { pgm, settings: { psm, dpi, variables } }: PreparedPage,
): Promise<Recognition> {
  // What is set for one call is set back after it.
  const options = {
    ...variables,
    tessedit_pageseg_mode: String(psm),
    user_defined_dpi: String(dpi),
  } as object
  // A string would be fetched or opened: only bytes are ever handed over. Of all outputs hOCR is the one that holds words,
  // boxes and baselines and costs little: the library's own tree of blocks takes 16 % more of a page's time.
  const { data } = await worker.recognize(pgm, options, { text: true, hocr: true, blocks: false })
  return parseHocr(data.hocr ?? '', data.text)
}

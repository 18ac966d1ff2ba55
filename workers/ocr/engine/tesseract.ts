import type { Worker as Thread } from 'node:worker_threads'
import { createWorker, type Worker } from 'tesseract.js'
import { awaitUntil } from '../../../shared/process/waiting/await-until.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import { findLanguages } from '../../../shared/engine/tessdata.ts'
import type { Engine, PreparedPage, Recognition } from './engine.ts'
import { parseHocr } from './hocr.ts'
import { readInTime } from './in-time.ts'
import { linkModels, type LinkedModels } from './link-models.ts'
import { toVariables } from './variables.ts'

const bootDeadlineMs = 60_000

/**
 * Loads tesseract.js for one recipe: a worker thread that holds the WebAssembly engine and its models. tesseract.js
 * lacks some safeguards (see docs/architecture.md); this file adds them: a boot deadline, a page deadline, detection of
 * a dead thread, and errors instead of rejected strings. Not a confined process: the page was decoded before, and
 * WebAssembly cannot crash the process around it.
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
  failure.promise.catch(() => undefined) // Rejects after boot as well, without a waiter.
  const failed = (reason: string): ScriptoriumError => {
    const message = `the engine for ${recipe.languages.join('+')} does not start: ${reason}`
    return new ScriptoriumError('engine_boot_failed', message)
  }
  const created = createWorker(names, recipe.oem, {
    langPath: folder,
    gzip: false,
    cacheMethod: 'none',
    // Without a handler the library throws the rejection internally, and the process ends.
    errorHandler: (thrown: unknown) => failure.reject(failed(toError(thrown).message)),
  })
  const booted = Promise.race([created, failure.promise])
  return awaitUntil(booted, { deadlineMs: bootDeadlineMs, late: () => failed('no answer') })
}

async function configure(worker: Worker): Promise<Engine> {
  const threadDeath = watchThread(worker)
  const guarded = <T>(work: Promise<T>): Promise<T> => Promise.race([work, threadDeath])
  await guarded(worker.setParameters({ debug_file: '/dev/null' })) // Otherwise the engine logs to stderr.
  return {
    async recognise(page, deadlineMs) {
      return readInTime(guarded(recognise(worker, page)), deadlineMs)
    },
    async close() {
      await worker.terminate()
    },
  }
}

/** Rejects when the engine's thread ends; otherwise `recognize` would stay pending for ever. */
function watchThread(worker: Worker): Promise<never> {
  const { worker: thread } = worker as unknown as { worker: Thread }
  const death = new Promise<never>((_, reject) => {
    const die = (why: string) => (detail: unknown) =>
      reject(new ScriptoriumError('engine_crash', `the engine's thread ${why} (${String(detail)})`))
    thread.on('error', die('failed'))
    thread.on('exit', die('exited'))
  })
  death.catch(() => undefined)
  return death
}

async function recognise(worker: Worker, { pgm, wishes }: PreparedPage): Promise<Recognition> {
  // tesseract.js resets the options of a call after it.
  const options = {
    ...toVariables(wishes),
    tessedit_pageseg_mode: String(wishes.psm),
    user_defined_dpi: String(wishes.dpi),
  } as object
  // tesseract.js would fetch or open a string: pass bytes only. hOCR is the only output that holds words, boxes and
  // baselines and costs little: the library's own tree of blocks takes 16 % more of a page's time.
  const { data } = await worker.recognize(pgm, options, { text: true, hocr: true, blocks: false })
  return parseHocr(data.hocr ?? '', data.text)
}

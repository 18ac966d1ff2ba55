import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Worker as Thread } from 'node:worker_threads'
import { createWorker, type Block as RawBlock, type Worker } from 'tesseract.js'
import type { Block, Line, Paragraph, Word } from '../../shared/contract.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import type { Recipe } from '../../shared/recipe.ts'
import { findLanguages, type LanguageData } from '../../shared/tessdata.ts'
import type { Engine, PreparedPage, Recognition } from './engine.ts'

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
  const folder = linkModels(models)
  try {
    const worker = await boot(recipe, folder)
    return await configure(worker, recipe)
  } finally {
    rmSync(folder, { recursive: true, force: true }) // The engine has copied the models into its own memory.
  }
}

/** tesseract.js takes all models from one folder, so one is made that links to where each of them lies. */
function linkModels(models: readonly LanguageData[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'scriptorium-models-'))
  for (const { language, file } of models) {
    const link = join(folder, `${language}.traineddata`) // Gzip is told by content.
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(file, link)
  }
  return folder
}

async function boot(recipe: Recipe, langPath: string): Promise<Worker> {
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => undefined) // Also rejected after boot, when nobody waits for it any more.
  const fail = (reason: string): void => {
    const message = `the engine for ${recipe.languages.join('+')} does not start: ${reason}`
    failure.reject(new ScriptoriumError('engine_boot_failed', message))
  }
  const timer = setTimeout(() => fail('no answer'), bootDeadlineMs)
  const created = createWorker([...recipe.languages], recipe.oem, {
    langPath,
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

async function configure(worker: Worker, recipe: Recipe): Promise<Engine> {
  const threadDeath = watchThread(worker)
  const guarded = <T>(work: Promise<T>): Promise<T> => Promise.race([work, threadDeath])
  await guarded(
    worker.setParameters({
      ...recipe.variables,
      tessedit_pageseg_mode: String(recipe.psm) as never, // The library's enum is these digits.
      user_defined_dpi: String(recipe.dpi),
      debug_file: '/dev/null', // Else the engine chats on stderr.
    }),
  )
  return {
    async recognise(page, deadlineMs) {
      try {
        return await withDeadline(guarded(recognise(worker, page)), deadlineMs)
      } catch (thrown) {
        if (thrown instanceof ScriptoriumError) throw thrown
        const { message } = toError(thrown)
        throw new ScriptoriumError('engine_failed', `the engine failed: ${message}`, {
          cause: thrown,
        })
      }
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

function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `not read within ${(deadlineMs / 1000).toFixed(1)} s; --timeout raises the limit`
      reject(new ScriptoriumError('page_timeout', message))
    }, deadlineMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function recognise(worker: Worker, page: PreparedPage): Promise<Recognition> {
  // A string would be fetched or opened: only bytes are ever handed over.
  const { data } = await worker.recognize(page.pgm, {}, { text: true, blocks: true })
  const blocks = (data.blocks ?? []).map(toBlock).filter((block) => block.text !== '')
  const text = blocks.length === 0 ? '' : data.text.trimEnd()
  return { text, confidence: blocks.length === 0 ? 0 : data.confidence, blocks }
}

type RawParagraph = RawBlock['paragraphs'][number]
type RawLine = RawParagraph['lines'][number]
type RawWord = RawLine['words'][number]

/** Keeps what the contract names: the engine's own tree is seven times larger (symbols, choices, fonts). */
const toBlock = (raw: RawBlock): Block => ({
  ...located(raw),
  paragraphs: raw.paragraphs.map(toParagraph),
})
const toParagraph = (raw: RawParagraph): Paragraph => ({
  ...located(raw),
  lines: raw.lines.map(toLine),
})
const toLine = (raw: RawLine): Line => ({ ...located(raw), words: raw.words.map(located) })

function located({ text, confidence, bbox }: RawBlock | RawParagraph | RawLine | RawWord): Word {
  const { x0, y0, x1, y1 } = bbox
  return {
    text: text.trim(),
    confidence: Math.round(confidence * 100) / 100,
    bbox: { x0, y0, x1, y1 },
  }
}

import { ScriptoriumError } from '../../shared/errors.ts'
import type { Logger } from '../../shared/logger.ts'
import { canonicalRecipe, type Recipe } from '../../shared/recipe.ts'
import type { Engine, EngineFactory, PreparedPage, Recognition } from './engine.ts'

interface Deps {
  createEngine: EngineFactory
  tessdataPrefix: string | undefined
  /** Replace the engine after this many pages, or once the process holds more memory than this. */
  limits: { pages: number; rssBytes: number }
  rssBytes: () => number
  log: Logger
}

/**
 * The one engine of a worker process, kept warm from page to page and replaced when it is due: for another recipe,
 * after any failure (a rejected call leaves variables set), and after so many pages or so much memory
 * (WebAssembly memory never shrinks). The caller sees to it that one page is read at a time.
 */
export function createEngineSlot({ createEngine, tessdataPrefix, limits, rssBytes, log }: Deps) {
  let engine: Engine | undefined
  let loadedFor = ''
  let pages = 0

  const unload = async (reason: string): Promise<void> => {
    if (engine === undefined) return
    log.debug({ reason, pages, rssBytes: rssBytes() }, 'engine unloaded')
    const old = engine
    engine = undefined
    await old.close()
  }

  const load = async (recipe: Recipe): Promise<Engine> => {
    const key = JSON.stringify(canonicalRecipe(recipe))
    if (engine !== undefined && key === loadedFor) return engine
    await unload('another recipe')
    engine = await createEngine(recipe, tessdataPrefix)
    loadedFor = key
    pages = 0
    return engine
  }

  return {
    /** Loads the engine before the first page needs it. */
    async warm(recipe: Recipe): Promise<void> {
      await load(recipe)
    },
    /** Reads one page; whatever the engine rejects with comes through, and the engine is replaced. */
    async read(
      page: PreparedPage,
      recipe: Recipe,
      { deadlineMs, cancelling }: { deadlineMs: number; cancelling: AbortSignal },
    ): Promise<Recognition> {
      if (cancelling.aborted) throw wasCancelled() // Before its turn: that costs no engine.
      const current = await load(recipe)
      try {
        const reading = current.recognise(page, deadlineMs)
        const recognition = await unlessCancelled(reading, cancelling)
        pages += 1
        return recognition
      } catch (thrown) {
        await unload('it failed')
        throw thrown
      } finally {
        if (pages >= limits.pages) await unload('pages')
        else if (rssBytes() > limits.rssBytes) await unload('memory')
      }
    },
    close: () => unload('closing'),
  }
}

const wasCancelled = () => new ScriptoriumError('cancelled', 'was cancelled')

/** The engine itself knows no way back: a cancelled reading ends with its engine. */
async function unlessCancelled<T>(reading: Promise<T>, cancelling: AbortSignal): Promise<T> {
  reading.catch(() => undefined) // Nobody waits for it once it is cancelled.
  const cancelled = Promise.withResolvers<never>()
  const cancel = (): void => cancelled.reject(wasCancelled())
  if (cancelling.aborted) cancel()
  cancelling.addEventListener('abort', cancel)
  try {
    return await Promise.race([reading, cancelled.promise])
  } finally {
    cancelling.removeEventListener('abort', cancel)
  }
}

export type EngineSlot = ReturnType<typeof createEngineSlot>

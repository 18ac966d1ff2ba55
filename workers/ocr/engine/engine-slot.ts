import { awaitUntil } from '../../../shared/process/waiting/await-until.ts'
import type { ReplacementReason } from '../../../shared/contract/measures.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { WarmEngine } from '../../../shared/redis/heartbeats.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import { canonicalRecipe, type Recipe } from '../../../shared/contract/recipe.ts'
import type { Engine, EngineFactory, PreparedPage, Recognition } from './engine.ts'

interface Deps {
  /** Of SCRIPTORIUM_ENGINE. */
  name?: string
  createEngine: EngineFactory
  tessdataPrefix: string | undefined
  limits: {
    /** Maximum number of engines loaded at a time. */
    engines: number
    /** An engine is replaced after this many pages. */
    pages: number
    /** Engines are unloaded after a page while the process uses more memory than this. */
    rssBytes: number
  }
  rssBytes: () => number
  /** Called when an engine is unloaded, except at the end. */
  onReplaced?: (reason: ReplacementReason) => void
  log: Logger
}

type Slotted = WarmEngine & { engine: Engine }

/**
 * The engines of a worker process: one reads, a few stay warm, most recently used first. An engine is replaced after
 * any failure (a rejected call leaves variables set) and after a number of pages. Where memory is short, the idle
 * engines are unloaded first and then the active one (WebAssembly memory never shrinks). The caller must read one page
 * at a time.
 */
export function createEngineSlot(deps: Deps) {
  const { createEngine, tessdataPrefix, limits, rssBytes, onReplaced, log } = deps
  /** In order of their last use, the latest last. */
  const engines = new Map<string, Slotted>()

  const unload = async (key: string, reason: ReplacementReason | 'closing'): Promise<void> => {
    const slotted = engines.get(key)
    if (slotted === undefined) return
    engines.delete(key)
    if (reason !== 'closing') onReplaced?.(reason)
    const { engine, languages, pages } = slotted
    log.debug({ reason, languages, pages, rssBytes: rssBytes() }, 'engine unloaded')
    await engine.close()
  }

  const load = async (key: string, recipe: Recipe): Promise<Slotted> => {
    const known = engines.get(key)
    if (known !== undefined) {
      engines.delete(key)
      engines.set(key, known)
      return known
    }
    const surplus = [...engines.keys()].slice(0, Math.max(0, engines.size + 1 - limits.engines))
    for (const oldest of surplus) await unload(oldest, 'another recipe')
    const { languages, oem } = canonicalRecipe(recipe)
    const engine = await createEngine(recipe, tessdataPrefix)
    const slotted = { engine, languages, oem, pages: 0 }
    engines.set(key, slotted)
    return slotted
  }

  const tidy = async (): Promise<void> => {
    for (const [key, { pages }] of engines) {
      if (pages >= limits.pages) await unload(key, 'pages')
    }
    for (const key of engines.keys()) {
      if (rssBytes() > limits.rssBytes) await unload(key, 'memory')
    }
  }

  return {
    name: deps.name ?? '',
    /** Loads the engine before the first page needs it. */
    async warm(recipe: Recipe): Promise<void> {
      await load(modelKey(recipe), recipe)
    },
    /** The loaded engines, most recently used first. */
    warmEngines: (): WarmEngine[] =>
      [...engines.values()]
        .toReversed()
        .map(({ languages, oem, pages }) => ({ languages, oem, pages })),
    /** Reads one page. Passes on every rejection of the engine, and replaces the engine. */
    async read(
      page: PreparedPage,
      recipe: Recipe,
      { deadlineMs, cancelling }: { deadlineMs: number; cancelling: AbortSignal },
    ): Promise<Recognition> {
      if (cancelling.aborted) throw wasCancelled() // Cancelled before its turn: that costs no engine.
      const key = modelKey(recipe)
      const slotted = await load(key, recipe)
      try {
        const reading = slotted.engine.recognise(page, deadlineMs)
        // An engine cannot abort a recognition: a cancelled reading ends with its engine.
        const until = { signal: cancelling, cancelled: wasCancelled }
        const recognition = await awaitUntil(reading, until)
        slotted.pages += 1
        return recognition
      } catch (thrown) {
        await unload(key, 'failed')
        throw thrown
      } finally {
        await tidy()
      }
    },
    async close(): Promise<void> {
      for (const key of engines.keys()) await unload(key, 'closing')
    },
  }
}

/** The part of a recipe that decides which engine reads a page. The engine gets everything else with the page. */
function modelKey(recipe: Recipe): string {
  const { languages, oem } = canonicalRecipe(recipe)
  return `${languages.join('+')} ${oem}`
}

const wasCancelled = () => new ScriptoriumError('cancelled', 'was cancelled')

export type EngineSlot = ReturnType<typeof createEngineSlot>

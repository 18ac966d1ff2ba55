import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import { nativeVersion } from '../../shared/native-tesseract.ts'
import type { Recipe } from '../../shared/recipe.ts'
import { findLanguages } from '../../shared/tessdata.ts'
import type { Engine, EngineSettings, PreparedPage, Recognition } from './engine.ts'
import { parseHocr } from './hocr.ts'
import { readInTime, withDeadline } from './in-time.ts'
import { linkModels } from './link-models.ts'
import { findWrappers, startNativeProcess, type NativeProcess } from './native-process.ts'

const bootDeadlineMs = 60_000
/** Most processes of one engine: each has a page's settings on its command line, and 30 to 50 MB of models. */
const mostProcesses = 3
/** What only adds to hOCR that nobody reads here. */
const idleVariables: ReadonlySet<string> = new Set(['hocr_font_info', 'lstm_choice_mode'])

/**
 * Runs the machine's own `tesseract` for one recipe, kept from page to page: it takes 90 ms to start, and as much again for
 * each further language. Rejects with `configuration` where none is installed, with `unknown_language` or `engine_boot_failed`.
 */
export async function createNative(
  recipe: Recipe,
  tessdataPrefix: string | undefined,
): Promise<Engine> {
  await nativeVersion()
  const models = await findLanguages(recipe.languages, recipe.oem, tessdataPrefix)
  const wrappers = await findWrappers()
  const linked = linkModels(models, { unzip: true })
  const words = ['--tessdata-dir', linked.folder, '-l', linked.names.join('+')]
  const processes = createProcesses((settings) =>
    startNativeProcess(wrappers, [...words, '--oem', String(recipe.oem), ...toWords(settings)]),
  )
  let pages = 0
  const read = async ({ pgm, settings }: PreparedPage): Promise<Recognition> => {
    const file = join(linked.folder, `${pages++}.pgm`) // It looks twice at a page, so a pipe will not do.
    await writeFile(file, pgm)
    const { hocr, text } = await (await processes.for(settings)).read(file)
    await rm(file)
    return parseHocr(hocr, text)
  }
  const close = async (): Promise<void> => {
    await processes.end()
    linked.remove()
  }
  await withDeadline(read(blankPage(recipe)), bootDeadlineMs, 'no answer').catch(
    async (thrown: unknown) => {
      await close()
      const message = `the engine for ${recipe.languages.join('+')} does not start: ${toError(thrown).message}`
      throw new ScriptoriumError('engine_boot_failed', message, { cause: thrown })
    },
  )
  return {
    async recognise(page, deadlineMs) {
      try {
        return await readInTime(read(page), deadlineMs)
      } catch (thrown) {
        await processes.end()
        throw thrown
      }
    },
    close,
  }
}

/** Keeps a process for each of the settings that were used last. */
function createProcesses(start: (settings: EngineSettings) => NativeProcess) {
  const processes = new Map<string, NativeProcess>()
  let isEnded = false
  return {
    async for(settings: EngineSettings): Promise<NativeProcess> {
      // A page may still be on its way to the disk when the engine is closed: nobody would end what it starts.
      if (isEnded) throw new ScriptoriumError('engine_crash', 'the engine was closed')
      const key = JSON.stringify(toWords(settings))
      const known = processes.get(key)
      processes.delete(key)
      const process = known?.isOpen() === true ? known : start(settings)
      processes.set(key, process)
      const surplus = [...processes].slice(0, -mostProcesses)
      for (const [old, { end }] of surplus) {
        processes.delete(old)
        await end()
      }
      return process
    },
    async end(): Promise<void> {
      isEnded = true
      await Promise.all([...processes.values()].map(({ end }) => end()))
      processes.clear()
    },
  }
}

/** A page's settings as the command line has them. */
function toWords({ psm, dpi, variables }: EngineSettings): string[] {
  const set = Object.entries(variables)
    .filter(([name]) => !idleVariables.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['--psm', String(psm), ...(dpi > 0 ? ['--dpi', String(dpi)] : []), ...set]
}

/** What an engine is tried with: white paper. */
function blankPage({ psm, dpi, variables }: Recipe): PreparedPage {
  const [width, height] = [64, 64]
  const pgm = Buffer.concat([
    Buffer.from(`P5\n${width} ${height}\n255\n`),
    Buffer.alloc(width * height, 255),
  ])
  return { pgm, width, height, label: 'blank', settings: { psm, dpi, variables } }
}

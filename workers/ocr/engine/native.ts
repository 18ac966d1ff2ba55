import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { awaitUntil } from '../../../shared/process/waiting/await-until.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { nativeVersion } from '../../../shared/engine/native-tesseract.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import { findLanguages } from '../../../shared/engine/tessdata.ts'
import type { Engine, EngineWishes, PreparedPage, Recognition } from './engine.ts'
import { parseHocr } from './hocr.ts'
import { readInTime } from './in-time.ts'
import { linkModels } from './link-models.ts'
import { toVariables } from './variables.ts'
import { findWrappers, startNativeProcess, type NativeProcess } from './native-process.ts'

const bootDeadlineMs = 60_000
/**
 * Maximum number of processes of one engine: each has a page's settings on its command line, and 30 to 50 MB of models.
 */
const maxProcesses = 3
/** Variables that only add to hOCR which this engine does not read. */
const idleVariables: ReadonlySet<string> = new Set(['hocr_font_info', 'lstm_choice_mode'])

/**
 * Runs the installed `tesseract` for one recipe and keeps it from page to page: it takes 90 ms to start, and as much
 * again for each further language. Rejects with `configuration` if none is installed, else with `unknown_language` or
 * `engine_boot_failed`.
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
  const processes = createProcesses((wishes) =>
    startNativeProcess(wrappers, [...words, '--oem', String(recipe.oem), ...toWords(wishes)]),
  )
  let pages = 0
  const read = async ({ pgm, wishes }: PreparedPage): Promise<Recognition> => {
    const file = join(linked.folder, `${pages++}.pgm`) // tesseract reads its input twice, so a pipe does not work.
    await writeFile(file, pgm)
    const { hocr, text } = await (await processes.for(wishes)).read(file)
    await rm(file)
    return parseHocr(hocr, text)
  }
  const close = async (): Promise<void> => {
    await processes.end()
    linked.remove()
  }
  await awaitUntil(read(blankPage(recipe)), {
    deadlineMs: bootDeadlineMs,
    late: () => new Error('no answer'),
  }).catch(async (thrown: unknown) => {
    await close()
    const message = `the engine for ${recipe.languages.join('+')} does not start: ${toError(thrown).message}`
    throw new ScriptoriumError('engine_boot_failed', message, { cause: thrown })
  })
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

/** Keeps one process for each of the most recently used settings. */
function createProcesses(start: (wishes: EngineWishes) => NativeProcess) {
  const processes = new Map<string, NativeProcess>()
  let isEnded = false
  return {
    async for(wishes: EngineWishes): Promise<NativeProcess> {
      // A page may still be on its way to the disk when the engine is closed: the process that it starts would never be
      // ended.
      if (isEnded) throw new ScriptoriumError('engine_crash', 'the engine was closed')
      const key = JSON.stringify(toWords(wishes))
      const known = processes.get(key)
      processes.delete(key)
      const process = known?.isOpen() === true ? known : start(wishes)
      processes.set(key, process)
      const surplus = [...processes].slice(0, -maxProcesses)
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

/** Converts a page's settings to command-line arguments. */
function toWords(wishes: EngineWishes): string[] {
  const { psm, dpi } = wishes
  const set = Object.entries(toVariables(wishes))
    .filter(([name]) => !idleVariables.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['--psm', String(psm), ...(dpi > 0 ? ['--dpi', String(dpi)] : []), ...set]
}

/** A blank page, to test that the engine works. */
function blankPage({ psm, dpi, variables }: Recipe): PreparedPage {
  const [width, height] = [64, 64]
  const pgm = Buffer.concat([
    Buffer.from(`P5\n${width} ${height}\n255\n`),
    Buffer.alloc(width * height, 255),
  ])
  const wishes = { psm, dpi, variables, thresholding: 'otsu', findsTables: true } as const
  return { pgm, width, height, label: 'blank', wishes }
}

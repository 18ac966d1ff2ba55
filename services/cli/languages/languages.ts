import type { Command } from 'commander'
import { exitCodes, ScriptoriumError } from '../../../shared/process/errors.ts'
import { isLanguageName } from '../../../shared/contract/recipe.ts'
import {
  describeLanguages,
  isAuxiliary,
  type LanguageData,
} from '../../../shared/engine/tessdata.ts'
import { newCommand, type Common } from '../command.ts'
import { createInstaller } from './install.ts'
import { howTo } from './packages.ts'

interface Deps {
  environment: NodeJS.ProcessEnv
  isRoot: boolean
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
  packagesFolder?: string
  end: (code: number) => void
}

/**
 * `languages` lists the installed languages, `languages add` installs some: exit code 9 if one could not be installed.
 * Throws `bad_arguments`.
 */
export function languagesCommand(deps: Deps): Command {
  const add = newCommand('add', { quiet: 'print errors only' })
    .description("Installs language models: Debian's packages where possible, npm's otherwise.")
    .argument('<language...>', "Tesseract's codes: deu, chi_sim or script/Fraktur")
    .action(async (wanted: string[], options: Common) => {
      deps.end(await addLanguages(deps, wanted, options))
    })
  return newCommand('languages', { quiet: 'print the list only, no hints' })
    .description('Lists the installed languages and the files of their models.')
    .option('--json', 'print JSON')
    .allowExcessArguments() // Commander would count them, and not name the command that was meant.
    .action((options: Common & { json?: boolean }, command: Command) => {
      const [unknown] = command.args
      if (unknown === undefined) list(deps, options)
      else command.error(`error: unknown command '${unknown}'\n(Did you mean add?)`)
    })
    .addCommand(add.summary('install languages'))
}

function list({ environment, stdout }: Deps, { json = false, quiet }: Common & { json?: boolean }) {
  const found = describeLanguages(environment['TESSDATA_PREFIX'] || undefined)
  if (json) {
    stdout.write(`${JSON.stringify(found)}\n`)
    return
  }
  const width = Math.max(0, ...found.map(({ language }) => language.length)) + 2
  for (const { language, file, source } of found) {
    const where = source === 'npm' ? `${file}  (npm's model: slower)` : file
    stdout.write(`${language.padEnd(width)}${where}\n`)
  }
  if (quiet) return
  const first = found.length === 0 ? 'No language is installed. ' : ''
  stdout.write(`\n${first}To add some: npx scriptorium languages add deu fra script/Fraktur\n`)
  stdout.write(
    'For pages in several languages: npx scriptorium ingest FOLDER --out OUT --languages eng+deu\n',
  )
}

async function addLanguages(
  deps: Deps,
  given: readonly string[],
  { quiet }: Common,
): Promise<number> {
  const { environment, stderr } = deps
  const tell = (text: string): void => void (quiet || deps.stdout.write(text))
  const wanted = [...new Set(given.flatMap((part) => part.split('+')))]
  const wrong = wanted.filter((language) => !isLanguageName(language) || isAuxiliary(language))
  if (wrong.length > 0) {
    const message = `${wrong.join(', ')}: not a language code; examples of codes: deu, chi_sim, script/Fraktur`
    throw new ScriptoriumError('bad_arguments', message)
  }
  const prefix = environment['TESSDATA_PREFIX'] || undefined
  const find = (language: string): LanguageData | undefined =>
    describeLanguages(prefix).find((found) => found.language === language)
  const install = createInstaller({ ...deps, say: (line) => quiet || stderr.write(`${line}\n`) })
  const missing: string[] = []
  const added: string[] = []
  for (const language of wanted) {
    const known = find(language)
    if (known !== undefined) {
      tell(`${language} is already installed: ${known.file}\n`)
      continue
    }
    const done = await install(language)
    const found = find(language)
    if (done.isInstalled && found !== undefined) {
      added.push(language)
      tell(`${language} was installed by ${done.by} (${done.package}): ${found.file}\n`)
    } else {
      missing.push(language)
      const why = done.isInstalled ? `${done.package} contains no model` : done.reasons.join('; ')
      stderr.write(`${language} was not installed. ${why}\n`)
    }
  }
  if (added.length > 0) tell(`\nOn other machines:\n${howTo(added)}\n`)
  if (missing.length === 0) return exitCodes.done
  stderr.write(`\nTo install ${missing.join(', ')}, if such a model exists:\n${howTo(missing)}\n`)
  return exitCodes.configuration
}

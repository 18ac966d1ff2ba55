import { Command } from 'commander'
import { exitCodes, ScriptoriumError } from '../../shared/errors.ts'
import { isLanguageName } from '../../shared/recipe.ts'
import { describeLanguages, isAuxiliary, type LanguageData } from '../../shared/tessdata.ts'
import { createInstaller } from './install.ts'
import { howTo } from './packages.ts'

interface Deps {
  environment: NodeJS.ProcessEnv
  isRoot: boolean
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
  packagesFolder?: string
}

/**
 * Lists the languages that can be read, or adds some. Returns the exit code: 9 where one could not be added. Throws
 * `bad_arguments`, and commander's own errors with the same exit code.
 */
export async function languages(commandLine: readonly string[], deps: Deps): Promise<number> {
  let code: number = exitCodes.done
  const command = new Command('npm run languages --')
    .description('Lists the languages that pages can be read in, and where their models lie.')
    .option('--json', 'as JSON')
    .exitOverride()
    .action(({ json }: { json?: boolean }) => list(deps, json === true))
  command
    .command('add')
    .description("Installs models: with Debian's packages where that is allowed, else with npm's.")
    .argument('<language...>', 'codes as Tesseract has them, deu or chi_sim, or script/Fraktur')
    .exitOverride()
    .action(async (wanted: string[]) => {
      code = await add(deps, wanted)
    })
  await command.parseAsync([...commandLine], { from: 'user' })
  return code
}

function list({ environment, stdout }: Deps, isJson: boolean): void {
  const found = describeLanguages(environment['TESSDATA_PREFIX'] || undefined)
  if (isJson) {
    stdout.write(`${JSON.stringify(found)}\n`)
    return
  }
  const width = Math.max(0, ...found.map(({ language }) => language.length)) + 2
  for (const { language, file, source } of found) {
    const where = source === 'npm' ? `${file}  (npm's model: slower)` : file
    stdout.write(`${language.padEnd(width)}${where}\n`)
  }
  const first = found.length === 0 ? 'None yet. ' : ''
  stdout.write(`\n${first}More: npm run languages -- add deu fra script/Fraktur\n`)
  stdout.write('Several on one page: npm run ingest -- FOLDER --out OUT --languages eng+deu\n')
}

async function add(deps: Deps, given: readonly string[]): Promise<number> {
  const { environment, stdout, stderr } = deps
  const wanted = [...new Set(given.flatMap((part) => part.split('+')))]
  const wrong = wanted.filter((language) => !isLanguageName(language) || isAuxiliary(language))
  if (wrong.length > 0) {
    const message = `${wrong.join(', ')}: no language; codes are like deu, chi_sim or script/Fraktur`
    throw new ScriptoriumError('bad_arguments', message)
  }
  const prefix = environment['TESSDATA_PREFIX'] || undefined
  const find = (language: string): LanguageData | undefined =>
    describeLanguages(prefix).find((found) => found.language === language)
  const install = createInstaller({ ...deps, say: (line) => stderr.write(`${line}\n`) })
  const missing: string[] = []
  const added: string[] = []
  for (const language of wanted) {
    const known = find(language)
    if (known !== undefined) {
      stdout.write(`${language} is there already: ${known.file}\n`)
      continue
    }
    const done = await install(language)
    const found = find(language)
    if (done.isInstalled && found !== undefined) {
      added.push(language)
      stdout.write(`${language} was added with ${done.by} (${done.package}): ${found.file}\n`)
    } else {
      missing.push(language)
      const why = done.isInstalled ? `${done.package} brought no model` : done.reasons.join('; ')
      stderr.write(`${language} was not added. ${why}\n`)
    }
  }
  if (added.length > 0) stdout.write(`\nThe same on other machines:\n${howTo(added)}\n`)
  if (missing.length === 0) return exitCodes.done
  stderr.write(
    `\nWhat would add ${missing.join(', ')}, if there is such a model:\n${howTo(missing)}\n`,
  )
  return exitCodes.configuration
}

/** Parsers of flag values. Each throws `InvalidArgumentError`, which commander shows after the flag's name. */
import { InvalidArgumentError } from 'commander'
import { compileGlobs, GlobFault } from '../../../shared/glob/globs.ts'
import { parseMaxFailures, type MaxFailures } from '../../../shared/contract/max-failures.ts'
import { faultOfPageList } from '../../../shared/contract/page-list.ts'
import {
  faultOfVariables,
  isLanguageName,
  maxLanguages,
  parseVariable,
} from '../../../shared/contract/recipe.ts'
import { formats, type Format } from '../../../shared/contract/result/formats.ts'
import { maxPasswordLength } from '../../../shared/contract/schema/bounded.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'

export const integerBetween = (lowest: number, highest: number) => (text: string) => {
  const value = Number(text)
  const isInRange = Number.isInteger(value) && value >= lowest && value <= highest
  if (isInRange && text.trim() !== '') return value
  throw new InvalidArgumentError(`Must be an integer between ${lowest} and ${highest}.`)
}

export function seconds(text: string): number {
  const value = Number(text)
  if (value >= 0 && value <= 86_400 && text.trim() !== '') return Math.round(value * 1_000)
  throw new InvalidArgumentError('Must be a number of seconds between 0 and 86400.')
}

export function pageList(text: string): string {
  const pages = text.replaceAll(' ', '')
  const fault = faultOfPageList(pages)
  if (fault === undefined) return pages
  throw new InvalidArgumentError(`The list ${fault}.`)
}

export function failureLimit(text: string): MaxFailures {
  const limit = parseMaxFailures(text.replaceAll(' ', ''))
  if (limit !== undefined) return limit
  throw new InvalidArgumentError(
    'Must be a number of consecutive failures, a share, or both: 50, 25% or 50,25%. 0 never pauses.',
  )
}

export function password(text: string): string {
  if (text.length <= maxPasswordLength) return text
  throw new InvalidArgumentError(`Must have at most ${maxPasswordLength} characters.`)
}

export function collectGlob(text: string, before: string[]): string[] {
  try {
    compileGlobs([...before, text])
    return [...before, text]
  } catch (thrown) {
    throw new InvalidArgumentError(
      thrown instanceof GlobFault ? `The pattern ${thrown.reason}.` : toError(thrown).message,
    )
  }
}

export function collectVariable(
  text: string,
  before: Record<string, string>,
): Record<string, string> {
  try {
    const [name, value] = parseVariable(text)
    const variables = { ...before, [name]: value }
    const fault = faultOfVariables(variables)
    if (fault === undefined) return variables
    throw new ScriptoriumError('bad_arguments', `The variables ${fault}.`)
  } catch (thrown) {
    throw new InvalidArgumentError(toError(thrown).message)
  }
}

export function formatList(text: string): Format[] {
  const wanted = text.split(',').map((name) => name.trim())
  const known = formats.filter((format) => wanted.includes(format))
  if (known.length === new Set(wanted).size) return known
  throw new InvalidArgumentError(`Must be a comma-separated list of: ${formats.join(', ')}.`)
}

export function languageList(text: string): string[] {
  const languages = text.split('+')
  if (languages.length > maxLanguages)
    throw new InvalidArgumentError(`At most ${maxLanguages} languages are possible.`)
  if (languages.every(isLanguageName)) return languages
  throw new InvalidArgumentError('Must be language codes joined by +: eng+deu, script/Fraktur.')
}

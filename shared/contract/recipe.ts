import { hash } from 'node:crypto'
import { Type, type Static } from '@sinclair/typebox'
import type { EngineIdentity } from './engine.ts'
import { ScriptoriumError } from '../process/errors.ts'
import { oneOf } from '../process/one-of.ts'
import { canonicalPageList, pageListPattern } from './page-list.ts'
import { boundedRecord } from './schema/bounded.ts'
import { described } from './schema/described.ts'

/** Increases whenever preparation or judging changes in a way that may change a page's text. */
export const preparationVersion = 6

/** Points on the curve of accuracy against time; docs/accuracy.md has the measurements. */
export const presets = ['fast', 'balanced', 'best'] as const
export type Preset = (typeof presets)[number]

/** Use of a PDF page's own text: if it is sound, never, or always. */
export const pdfTexts = ['auto', 'skip', 'force'] as const

export const maxLanguages = 10

/**
 * Maximum length of one engine variable, and of all variables of a recipe as JSON: a list of every letter of a script
 * is the longest.
 */
const maxVariableLength = 4_000
const maxVariablesLength = 8_000

/** A model's name: a language code, or a script name after `script/`. */
const languagePattern = '^(script/)?[A-Za-z0-9_]{2,40}$'
export const isLanguageName = (text: string): boolean => new RegExp(languagePattern).test(text)

/**
 * The canonical OCR options. `psm` (page segmentation mode) and `oem` (OCR engine mode) are Tesseract's numbers;
 * `dpi` 0 lets the engine estimate.
 */
export const recipeSchema = Type.Object(
  {
    languages: described(
      Type.Array(Type.String({ pattern: languagePattern, maxLength: 50 }), {
        minItems: 1,
        maxItems: maxLanguages,
      }),
      'Language models, the leading language first. Default: `["eng"]`.',
      ['eng'],
    ),
    psm: described(
      Type.Integer({ minimum: 1, maximum: 13 }),
      'Tesseract page segmentation mode. Default: 3, automatic.',
      3,
    ),
    oem: described(
      Type.Integer({ minimum: 0, maximum: 3 }),
      'Tesseract OCR engine mode. Default: 1, LSTM.',
      1,
    ),
    dpi: described(
      Type.Integer({ minimum: 0, maximum: 2_400 }),
      'Resolution, dots per inch; 0 estimates it. Default: 0.',
      0,
    ),
    preset: described(oneOf(presets), 'Trade-off between speed and accuracy. Default: `balanced`.'),
    pages: described(
      Type.String({ pattern: pageListPattern, maxLength: 1_600 }),
      'Pages to read, numbers and ranges; an empty string means all pages. Default: empty.',
      '1-3,7',
    ),
    pdfText: described(
      oneOf(pdfTexts),
      'Text layer of PDF pages. `auto`: used if it is sound. `skip`: ignored. `force`: always used. Default: `auto`.',
    ),
    variables: described(
      boundedRecord(Type.String({ maxLength: maxVariableLength }), 100, 50),
      'Tesseract variables from the allow-list. Default: none.',
      { preserve_interword_spaces: '1' },
    ),
  },
  { additionalProperties: false, title: 'Recipe', description: 'OCR options.' },
)
export type Recipe = Static<typeof recipeSchema>

export const defaultRecipe: Recipe = {
  languages: ['eng'],
  psm: 3,
  oem: 1,
  dpi: 0,
  preset: 'balanced',
  pages: '',
  pdfText: 'auto',
  variables: {},
}

/**
 * The engine variables that users may set. The engine silently ignores unknown names, and some known ones open files,
 * so all other names are rejected. Init-only variables are not here: tesseract.js would ignore them.
 */
export const safeVariables: ReadonlySet<string> = new Set([
  'classify_bln_numeric_mode',
  'edges_max_children_per_outline',
  'hocr_font_info',
  'language_model_penalty_non_dict_word',
  'language_model_penalty_non_freq_dict_word',
  'lstm_choice_mode',
  'numeric_punctuation',
  'preserve_interword_spaces',
  'segment_nonalphabetic_script',
  'tessedit_char_blacklist',
  'tessedit_char_unblacklist',
  'tessedit_char_whitelist',
  'tessedit_do_invert',
  'textord_heavy_nr',
  'textord_min_linesize',
  'textord_noise_debug',
  'textord_tabfind_find_tables',
  'thresholding_kfactor',
  'thresholding_method',
  'thresholding_score_fraction',
  'thresholding_smooth_kernel_size',
  'thresholding_tile_size',
  'thresholding_window_size',
])

/** Returns why a recipe's engine variables are too large, or undefined; the text follows their name. */
export const faultOfVariables = (variables: Recipe['variables']): string | undefined =>
  JSON.stringify(variables).length > maxVariablesLength ||
  Object.values(variables).some(({ length }) => length > maxVariableLength)
    ? `must have at most ${maxVariableLength} characters each and ${maxVariablesLength} in all`
    : undefined

/** Parses `name=value`. Throws `unknown_variable` with the list of allowed names. */
export function parseVariable(text: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([a-z_0-9]+)=(.*)$/s.exec(text) ?? []
  if (safeVariables.has(name)) return [name, value]
  throw new ScriptoriumError(
    'unknown_variable',
    `${JSON.stringify(text)} sets no variable that users may set; allowed: ${[...safeVariables].join(', ')}`,
  )
}

/**
 * The same options always give the same recipe: the order of languages matters (the first leads), the order of
 * variables, pages and the recipe's own fields does not. Stored ids derive from the fields in this order.
 */
export function canonicalRecipe(recipe: Recipe): Recipe {
  const { psm, oem, dpi, preset, pdfText } = recipe
  const languages = [...new Set(recipe.languages)]
  const variables = Object.fromEntries(
    Object.entries(recipe.variables).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  const pages = canonicalPageList(recipe.pages)
  return { languages, psm, oem, dpi, preset, pages, pdfText, variables }
}

/** Describes an engine and its language data for people. */
export function describeEngine({ name, version, core, traineddata }: EngineIdentity): string {
  const models = traineddata.map(({ language, sha256 }) => `${language} ${sha256.slice(0, 8)}`)
  return [`${name} ${version} ${core}`, ...models].join(', ')
}

const ids = new WeakMap<Recipe, string>()

/** Identifies a recipe by its content, independent of the engine: jobs carry it. 32 hex digits. */
export function recipeIdOf(recipe: Recipe): string {
  const known = ids.get(recipe)
  if (known !== undefined) return known
  const id = hash('sha256', JSON.stringify(canonicalRecipe(recipe))).slice(0, 32)
  ids.set(recipe, id)
  return id
}

/**
 * Identifies a recipe as read by one engine: with an equal fingerprint a page need not be read again. 16 hex digits.
 */
export function fingerprintOf(recipe: Recipe, engine: EngineIdentity): string {
  const identity = JSON.stringify([canonicalRecipe(recipe), engine, preparationVersion])
  return hash('sha256', identity).slice(0, 16)
}

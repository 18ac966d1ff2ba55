import { hash } from 'node:crypto'
import { Type, type Static } from '@sinclair/typebox'
import type { EngineIdentity } from './contract.ts'
import { ScriptoriumError } from './errors.ts'
import { oneOf } from './one-of.ts'

/** Raised whenever preparation or judging changes in a way that may change a page's text. */
const preparationVersion = 4

/** Points on the curve of accuracy against time; docs/accuracy.md has it measured. */
export const presets = ['fast', 'balanced', 'best'] as const
export type Preset = (typeof presets)[number]

/** What becomes of text that a PDF page already has: taken where it is sound, never taken, or taken whatever it is like. */
export const pdfTexts = ['auto', 'skip', 'force'] as const

/** A model's name: a language's code, or a script's name behind `script/`. */
const languagePattern = '^(script/)?[A-Za-z0-9_]{2,40}$'
export const isLanguageName = (text: string): boolean => new RegExp(languagePattern).test(text)

const range = '[1-9][0-9]{0,6}(-[1-9][0-9]{0,6})?'
const pageListPattern = `^(${range}(,${range}){0,99})?$`
export const isPageList = (text: string): boolean => new RegExp(pageListPattern).test(text)

/**
 * The canonical OCR options. `psm` (page segmentation mode) and `oem` (OCR engine mode) are Tesseract's numbers;
 * `dpi` 0 lets the engine estimate.
 */
export const recipeSchema = Type.Object(
  {
    languages: Type.Array(Type.String({ pattern: languagePattern }), { minItems: 1, maxItems: 10 }),
    psm: Type.Integer({ minimum: 1, maximum: 13 }),
    oem: Type.Integer({ minimum: 0, maximum: 3 }),
    dpi: Type.Integer({ minimum: 0, maximum: 2_400 }),
    preset: oneOf(presets),
    /** Which pages of a document are read, `1-3,7`; empty for all. */
    pages: Type.String({ pattern: pageListPattern }),
    pdfText: oneOf(pdfTexts),
    variables: Type.Record(Type.String(), Type.String()),
  },
  { additionalProperties: false },
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
 * The engine variables that users may set. The engine ignores unknown names silently, and some known ones open
 * files, so what is not here is refused. Init-only variables are not here: tesseract.js would ignore them.
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

/** Parses `name=value`. Throws `unknown_variable` with the list of those that may be set. */
export function parseVariable(text: string): [name: string, value: string] {
  const [, name = '', value = ''] = /^([a-z_0-9]+)=(.*)$/s.exec(text) ?? []
  if (safeVariables.has(name)) return [name, value]
  throw new ScriptoriumError(
    'unknown_variable',
    `${JSON.stringify(text)} sets no variable that may be set; these may: ${[...safeVariables].join(', ')}`,
  )
}

/** The same options always give the same recipe: languages keep their order (the first leads), variables do not. */
export function canonicalRecipe(recipe: Recipe): Recipe {
  const languages = [...new Set(recipe.languages)]
  const variables = Object.fromEntries(
    Object.entries(recipe.variables).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
  return { ...recipe, languages, variables }
}

/** Names a recipe as read by one engine: where it is equal, a page need not be read again. 16 hex digits. */
export function fingerprintOf(recipe: Recipe, engine: EngineIdentity): string {
  const identity = JSON.stringify([canonicalRecipe(recipe), engine, preparationVersion])
  return hash('sha256', identity).slice(0, 16)
}

import type { Static } from '@sinclair/typebox'
import { oneOf } from '../process/one-of.ts'
import { described } from './schema/described.ts'

/** Origins of a page's text. */
export const textSourceSchema = described(
  oneOf(['engine', 'layer', 'mixed']),
  '`engine`: recognized. `layer`: taken from the PDF page. `mixed`: exact text of the PDF page, and recognized text where it has none.',
)

/** Reasons for the origin of a page's text. */
export const textReasonSchema = described(
  oneOf([
    'image',
    'no_text',
    'exact_text',
    'sound_layer',
    'text_on_scan',
    'pictures',
    'unsound_text',
    'doubtful_text',
    'confirmed_text',
    'forced',
    'skipped',
  ]),
  [
    'Reason for `textSource`.',
    '`image`: the document is an image.',
    '`no_text`: the PDF page has no text.',
    '`exact_text`: a program set the text.',
    '`sound_layer`: the invisible layer of an earlier recognition is sound.',
    '`text_on_scan`: the text on the scan is exact, and the scan was read.',
    '`pictures`: the text is exact, and the pictures on the page were read.',
    '`unsound_text`: the layer of an earlier recognition is not sound.',
    '`doubtful_text`: the text has no reliable Unicode, and reading the page contradicted it.',
    '`confirmed_text`: reading the page confirmed text without reliable Unicode.',
    '`forced`, `skipped`: the recipe demanded it (`pdfText`).',
    'Missing in records of older workers.',
  ].join(' '),
)

export type TextReason = Static<typeof textReasonSchema>

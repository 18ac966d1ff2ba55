import type { Element } from 'xast'
import type { BBox, Block, Line, Paragraph } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { version } from '../../../shared/process/version.ts'
import { languageTag, quarterOf } from './direction.ts'
import type { OutputDocument } from '../format.ts'
import { element, sayable, serialise } from './xml.ts'

const capabilities = 'ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf'

/** hOCR 1.2 as XHTML, http://kba.github.io/hocr-spec/1.2/; pages, blocks and paragraphs are Tesseract's. */
export function* writeHocr(document: OutputDocument): Generator<string> {
  const { path, engine, recipe, pages } = document
  const language = languageTag(recipe.languages[0])
  const system = ['scriptorium', version, engine && `(${engine.name} ${engine.version})`]
  const head = element('head', {}, [
    element('title', {}, [path]),
    element('meta', { 'http-equiv': 'Content-Type', content: 'text/html;charset=utf-8' }),
    element('meta', { name: 'ocr-system', content: system.filter(Boolean).join(' ') }),
    element('meta', { name: 'ocr-capabilities', content: capabilities }),
    element('meta', { name: 'ocr-langs', content: language ?? 'unknown' }),
  ])
  yield (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
      '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
  )
  const languages = language === undefined ? '' : ` xml:lang="${language}" lang="${language}"`
  yield `<html xmlns="http://www.w3.org/1999/xhtml"${languages}>\n${serialise(head)}\n<body>\n`
  for (const page of pages) yield `${serialise(toPage(page, path))}\n`
  yield '</body>\n</html>\n'
}

function toPage({ page, width, height, dpi, blocks }: PageResult, path: string): Element {
  const properties = [
    `image "${path.replaceAll(/["\\]/g, '\\$&')}"`,
    box({ x0: 0, y0: 0, x1: width, y1: height }),
    `ppageno ${page - 1}`,
    ...(dpi === null ? [] : [`scan_res ${Math.round(dpi)} ${Math.round(dpi)}`]),
  ]
  return part(
    'div',
    'ocr_page',
    `page_${page}`,
    properties,
    blocks.map((block, index) => toArea(block, `${page}_${index + 1}`)),
  )
}

const toArea = (block: Block, id: string): Element =>
  part(
    'div',
    'ocr_carea',
    `block_${id}`,
    [box(block.bbox)],
    block.paragraphs.map((paragraph, index) => toParagraph(paragraph, `${id}_${index + 1}`)),
  )

const toParagraph = (paragraph: Paragraph, id: string): Element =>
  part(
    'p',
    'ocr_par',
    `par_${id}`,
    [box(paragraph.bbox)],
    paragraph.lines.flatMap((line, index) => ['\n', toLine(line, `${id}_${index + 1}`)]),
  )

function toLine(line: Line, id: string): Element {
  const properties = [box(line.bbox), ...layOf(line), `x_size ${round(line.size)}`]
  const words = line.words
    .filter(({ text }) => sayable(text) !== '')
    .map(({ text, bbox, confidence }, index) => {
      const named = [box(bbox), `x_wconf ${Math.round(confidence)}`]
      return part('span', 'ocrx_word', `word_${id}_${index + 1}`, named, [text])
    })
  const spaced = words.flatMap((word, index) => (index === 0 ? [word] : [' ', word]))
  return part('span', 'ocr_line', `line_${id}`, properties, spaced)
}

/**
 * The line's baseline relative to its box's bottom left corner; for a line that is not horizontal, its angle instead.
 */
function layOf({ baseline, bbox }: Line): string[] {
  const quarter = quarterOf(baseline)
  if (quarter !== 0) return [`textangle ${quarter}`]
  const { x0, y0, x1, y1 } = baseline
  const slope = x1 === x0 ? 0 : (y1 - y0) / (x1 - x0)
  return [`baseline ${round(slope)} ${round(y0 + slope * (bbox.x0 - x0) - bbox.y1)}`]
}

const part = (
  name: string,
  kind: string,
  id: string,
  properties: readonly string[],
  content: (Element | string)[],
): Element => element(name, { class: kind, id, title: properties.join('; ') }, content)

const box = ({ x0, y0, x1, y1 }: BBox): string =>
  `bbox ${[x0, y0, x1, y1].map((value) => Math.round(value)).join(' ')}`

const round = (value: number): number => Math.round(value * 1_000) / 1_000 + 0

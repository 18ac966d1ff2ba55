import type { Element } from 'xast'
import type { BBox, Block, Line, Paragraph } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { version } from '../../../shared/process/version.ts'
import { isRightToLeft, languageTag, tiltOf } from './direction.ts'
import type { OutputDocument } from '../format.ts'
import { element, sayable, serialise } from './xml.ts'

const opening = `<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v4# http://www.loc.gov/standards/alto/v4/alto-4-4.xsd" \
SCHEMAVERSION="4.4">
`

/** ALTO 4.4, https://www.loc.gov/standards/alto/: a block is a ComposedBlock, a paragraph a TextBlock; pixels throughout. */
export function* writeAlto(document: OutputDocument): Generator<string> {
  const language = languageTag(document.recipe.languages[0])
  yield `${opening}${serialise(toDescription(document))}\n<Layout>\n`
  for (const page of document.pages) yield `${serialise(toPage(page, language))}\n`
  yield '</Layout>\n</alto>\n'
}

function toDescription({ path, engine, finishedAt, recipe }: OutputDocument): Element {
  const settings = `languages ${recipe.languages.join('+')}, psm ${recipe.psm}, oem ${recipe.oem}`
  const ours = [
    element('softwareCreator', {}, ['Scriptorium']),
    element('softwareName', {}, ['scriptorium']),
    element('softwareVersion', {}, [version]),
    ...(engine === null
      ? []
      : [element('applicationDescription', {}, [`${engine.name} ${engine.version}`])]),
  ]
  return element('Description', {}, [
    element('MeasurementUnit', {}, ['pixel']),
    element('sourceImageInformation', {}, [element('fileName', {}, [path])]),
    element('Processing', { ID: 'recognition' }, [
      element('processingCategory', {}, ['contentGeneration']),
      element('processingDateTime', {}, [finishedAt]),
      element('processingStepDescription', {}, ['text recognition']),
      element('processingStepSettings', {}, [settings]),
      element('processingSoftware', {}, ours),
    ]),
  ])
}

function toPage(page: PageResult, language: string | undefined): Element {
  const { width, height, blocks, confidence } = page
  const id = `page_${page.page}`
  const size = { WIDTH: width, HEIGHT: height }
  const content = blocks.map((block, index) => toBlock(block, `${id}_b${index + 1}`, language))
  return element('Page', { ID: id, PHYSICAL_IMG_NR: page.page, ...size, PC: share(confidence) }, [
    element('PrintSpace', { HPOS: 0, VPOS: 0, ...size }, content),
  ])
}

const toBlock = (block: Block, id: string, language: string | undefined): Element =>
  element(
    'ComposedBlock',
    { ID: id, ...box(block.bbox) },
    block.paragraphs.map((paragraph, index) =>
      toParagraph(paragraph, `${id}_p${index + 1}`, language),
    ),
  )

function toParagraph({ bbox, lines }: Paragraph, id: string, language?: string): Element {
  const tilt = tiltOf(lines)
  const attributes = { ID: id, ...box(bbox), ...(tilt !== 0 && { ROTATION: tilt }), LANG: language }
  return element(
    'TextBlock',
    attributes,
    lines.flatMap((line, index) => toLine(line, `${id}_l${index + 1}`)),
  )
}

/** None where no word of it can be expressed: the schema requires one in each line. */
function toLine({ bbox, baseline, words, text }: Line, id: string): Element[] {
  const content: Element[] = []
  for (const word of words) {
    if (sayable(word.text) === '') continue
    if (content.length > 0) content.push(element('SP', {}))
    const attributes = { ID: `${id}_w${content.length / 2 + 1}`, ...box(word.bbox) }
    content.push(
      element('String', { ...attributes, CONTENT: word.text, WC: share(word.confidence) }),
    )
  }
  if (content.length === 0) return []
  const { x0, y0, x1, y1 } = baseline
  const points = [x0, y0, x1, y1].map((value) => Math.round(value)).join(' ')
  const direction = isRightToLeft(text) ? 'rtl' : undefined
  const attributes = { ID: id, ...box(bbox), BASELINE: points, BASEDIRECTION: direction }
  return [element('TextLine', attributes, content)]
}

function box({ x0, y0, x1, y1 }: BBox) {
  const [left, top] = [Math.round(x0), Math.round(y0)]
  const [width, height] = [Math.round(x1) - left, Math.round(y1) - top]
  return { HPOS: left, VPOS: top, WIDTH: width, HEIGHT: height }
}

const share = (percent: number): number =>
  Math.round(Math.min(100, Math.max(0, percent)) * 100) / 10_000

import type { Element } from 'xast'
import type { BBox, Line, Paragraph } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { version } from '../../../shared/process/version.ts'
import { isRightToLeft, tiltOf } from './direction.ts'
import type { OutputDocument } from '../format.ts'
import { element, sayable, serialise } from './xml.ts'

const namespace = 'http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15'

/**
 * PAGE content of 2019-07-15, https://ocr-d.de/en/gt-guidelines/pagexml/: the document's first read page, as the format
 * has one page per file. A paragraph is a TextRegion.
 */
export function* writePage(document: OutputDocument): Generator<string> {
  for (const page of document.pages) {
    const content = [toMetadata(document), toPage(page, document.path)]
    const root = element(
      'PcGts',
      {
        xmlns: namespace,
        'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
        'xsi:schemaLocation': `${namespace} ${namespace}/pagecontent.xsd`,
        pcGtsId: `page_${page.page}`,
      },
      content,
    )
    yield `<?xml version="1.0" encoding="UTF-8"?>\n${serialise(root)}\n`
    return
  }
}

function toMetadata({ engine, finishedAt }: OutputDocument): Element {
  const value = engine === null ? 'scriptorium' : `${engine.name} ${engine.version}`
  return element('Metadata', {}, [
    element('Creator', {}, [`scriptorium ${version}`]),
    element('Created', {}, [finishedAt]),
    element('LastChange', {}, [finishedAt]),
    element('MetadataItem', { type: 'processingStep', name: 'recognition', value }),
  ])
}

function toPage(page: PageResult, path: string): Element {
  const paragraphs = page.blocks.flatMap((block) => block.paragraphs)
  const ids = paragraphs.map((_, index) => `r${index + 1}`)
  const frame = { x1: page.width, y1: page.height }
  const order = ids.map((id, index) => element('RegionRefIndexed', { index, regionRef: id }))
  const { isMirrored, rotation, skew } = page.orientation
  return element(
    'Page',
    {
      imageFilename: path,
      imageWidth: page.width,
      imageHeight: page.height,
      ...(page.dpi !== null && {
        imageXResolution: page.dpi,
        imageYResolution: page.dpi,
        imageResolutionUnit: 'PPI',
      }),
      custom: `page {number:${page.page};}`,
      // The schema knows rotation, but no mirroring.
      ...(!isMirrored && rotation + skew !== 0 && { orientation: halfTurn(rotation + skew) }),
      conf: share(page.confidence),
    },
    [
      ...(order.length === 0
        ? []
        : [element('ReadingOrder', {}, [element('OrderedGroup', { id: 'order' }, order)])]),
      ...paragraphs.map((paragraph, index) => toRegion(paragraph, `r${index + 1}`, frame)),
    ],
  )
}

type Frame = Pick<BBox, 'x1' | 'y1'>

function toRegion({ bbox, lines, text, confidence }: Paragraph, id: string, frame: Frame): Element {
  const tilt = tiltOf(lines)
  const attributes = {
    id,
    type: 'paragraph',
    ...(tilt !== 0 && { orientation: halfTurn(tilt) }),
    ...(isRightToLeft(text) && { readingDirection: 'right-to-left' }),
  }
  return element('TextRegion', attributes, [
    coords(bbox, frame),
    ...lines.map((line, index) => toLine(line, `${id}l${index + 1}`, frame)),
    equivalent(lines.map((line) => line.text.trim()).join('\n'), confidence),
  ])
}

function toLine({ bbox, baseline, words, text, confidence }: Line, id: string, frame: Frame) {
  const { x0, y0, x1, y1 } = baseline
  const points = [point(x0, y0, frame), point(x1, y1, frame)].join(' ')
  return element('TextLine', { id }, [
    coords(bbox, frame),
    element('Baseline', { points }),
    ...words
      .filter((word) => sayable(word.text) !== '')
      .map((word, index) =>
        element('Word', { id: `${id}w${index + 1}` }, [
          coords(word.bbox, frame),
          equivalent(word.text, word.confidence),
        ]),
      ),
    equivalent(text.trim(), confidence),
  ])
}

const equivalent = (text: string, confidence: number): Element =>
  element('TextEquiv', { conf: share(confidence) }, [element('Unicode', {}, [text])])

function coords({ x0, y0, x1, y1 }: BBox, frame: Frame): Element {
  const corners = [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ] as const
  return element('Coords', { points: corners.map(([x, y]) => point(x, y, frame)).join(' ') })
}

/** The schema allows only integers from 0. */
const point = (x: number, y: number, { x1, y1 }: Frame): string =>
  [Math.min(Math.max(x, 0), x1), Math.min(Math.max(y, 0), y1)].map(Math.round).join(',')

/** The same angle above -180 and up to 180 degrees. */
const halfTurn = (angle: number): number => {
  const turned = ((angle % 360) + 360) % 360
  return Math.round((turned > 180 ? turned - 360 : turned) * 100) / 100
}

const share = (percent: number): number =>
  Math.round(Math.min(100, Math.max(0, percent)) * 100) / 10_000

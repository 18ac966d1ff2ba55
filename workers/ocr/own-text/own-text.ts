import type { Block } from '../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { meanConfidence } from '../../../shared/contract/result/join-parts.ts'
import type { OpenedPage, PdfPageText } from '../open/opened.ts'
import type { PageReading } from '../read/page-reader.ts'
import { wordsOf } from '../read/score.ts'
import { confirms } from './agreement.ts'
import { blend, credible, markShown } from './blend.ts'

/** The fields of a result that say where its text comes from. */
type Sourced = Pick<
  PageResult,
  'text' | 'blocks' | 'confidence' | 'textSource' | 'textReason' | 'scannedConfidence'
>

/** The text of a page that is not read. */
export function ofLayer({ reason }: Pick<OpenedPage, 'reason'>, layer: PdfPageText): Sourced {
  const { text, blocks } = layer
  return {
    text,
    blocks,
    confidence: text.trim() === '' ? 0 : 100,
    textSource: 'layer',
    ...(reason !== undefined && { textReason: reason }),
    scannedConfidence: null,
  }
}

/** The text of a page that was read, and of the page itself. */
export function ofReading(page: OpenedPage, reading: PageReading): Sourced {
  const { reason } = page
  if (page.kind === 'layer') {
    const { blocks } = page.layer
    const seen = blend(blocks, credible(reading.blocks))
    if (seen.length === blocks.length) return ofLayer(page, page.layer)
    return mixed(seen, 'pictures')
  }
  const { own, shown = [] } = page
  if (own === undefined) {
    const blocks = shown.length === 0 ? reading.blocks : markShown(reading.blocks, shown)
    return ofEngine({ ...reading, blocks }, reason ?? 'image')
  }
  if (own.isExact) return mixed(blend(own.layer.blocks, reading.blocks), reason ?? 'text_on_scan')
  return confirms(reading.blocks, own.layer.blocks)
    ? mixed(blend(own.layer.blocks, reading.blocks), 'confirmed_text')
    : ofEngine(reading, reason ?? 'doubtful_text')
}

type Reason = NonNullable<PageResult['textReason']>

function ofEngine({ text, blocks, confidence }: PageReading, textReason: Reason): Sourced {
  const scannedConfidence = wordsOf(blocks).length === 0 ? null : confidence
  return { text, blocks, confidence, textSource: 'engine', textReason, scannedConfidence }
}

/** `layer` where nothing was recognised beside the text of the page. */
function mixed(blocks: Block[], textReason: Reason): Sourced {
  const read = wordsOf(blocks.filter(({ isOwnText }) => isOwnText !== true))
  return {
    text: blocks.map(({ text }) => text).join('\n\n'),
    blocks,
    confidence: meanConfidence(wordsOf(blocks)),
    textSource: read.length === 0 ? 'layer' : 'mixed',
    textReason,
    scannedConfidence: read.length === 0 ? null : meanConfidence(read),
  }
}

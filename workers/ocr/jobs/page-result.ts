import {
  pageSchema,
  type PageResult,
  type PageWarning,
  type WarningCode,
  type Timings,
} from '../../../shared/contract/result/page.ts'
import type { EngineIdentity } from '../../../shared/contract/engine.ts'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { ScriptoriumError, toError } from '../../../shared/process/errors.ts'
import { ofLayer, ofReading } from '../own-text/own-text.ts'
import type { PageReading } from '../read/page-reader.ts'
import type { OpenedPage } from '../open/opened.ts'
import type { Opened } from './opening.ts'

/** Facts of a result beside the text. */
interface Facts {
  timings: Timings
  attempts: number
  worker: string
  engine: EngineIdentity
}

const upright: PageResult['orientation'] = { isMirrored: false, rotation: 0, skew: 0 }

/**
 * Builds the result of a page from its reading; without one, from the text of the PDF page itself, with the reason in
 * `unread` if its pictures should have been read. Throws `engine_failed` for a result that the aggregator would refuse:
 * here the page can still be retried.
 */
export function toResult(
  { number, page }: Pick<Opened, 'number' | 'page'>,
  reading: PageReading | undefined,
  facts: Facts,
  unread?: PageWarning,
): PageResult {
  const { width, height, dpi } = page
  const isOwn = page.kind === 'layer'
  const sourced =
    reading !== undefined ? ofReading(page, reading) : isOwn ? ofLayer(page, page.layer) : noText
  const { text } = sourced
  const warnings = warningsOf(page, reading, unread)
  return checkPage({
    page: number,
    outcome: text.trim() === '' ? 'empty' : 'succeeded',
    width,
    height,
    dpi,
    orientation: reading === undefined || isOwn ? upright : reading.orientation,
    ...sourced,
    readings: reading?.readings ?? [],
    ...(!isOwn && reading?.uncovered !== undefined && { uncovered: reading.uncovered }),
    ...(warnings.length > 0 && { warnings }),
    ...facts,
  })
}

/** Warnings about recognised words. A page with text of its own ignores them: only its pictures are read, and their letters may be no writing. */
const aboutWords: readonly WarningCode[] = ['text_missed', 'low_confidence']

function warningsOf(
  page: OpenedPage,
  reading: PageReading | undefined,
  unread: PageWarning | undefined,
): PageWarning[] {
  const fromReading = (reading?.warnings ?? []).filter(
    ({ code }) => page.kind === 'pixels' || !aboutWords.includes(code),
  )
  return [...(page.warnings ?? []), ...fromReading, ...(unread === undefined ? [] : [unread])]
}

const noText = { text: '', blocks: [], confidence: 0, textSource: 'engine' as const }

const parsePage = createParser("the engine's answer", pageSchema)

function checkPage(result: PageResult): PageResult {
  try {
    return parsePage(result)
  } catch (thrown) {
    throw new ScriptoriumError('engine_failed', toError(thrown).message, { cause: thrown })
  }
}

import type {
  FolderRequest,
  UploadRequest,
} from '../../../../../shared/contract/messages/run-request.ts'
import { defaultRecipe } from '../../../../../shared/contract/recipe.ts'
import type { PageResult } from '../../../../../shared/contract/result/page.ts'
import type { Random } from '../../../common/random.ts'

const worker = 'bench-1'

export const folderRequest = (runId: string, folder: string): FolderRequest => ({
  source: 'folder',
  runId,
  root: `/scans/${folder}`,
  inputs: [''],
  pathsInRedis: false,
  out: `/out/${folder}`,
  include: [],
  exclude: [],
  includeHidden: false,
  follow: false,
  formats: ['txt', 'json'],
  combined: false,
  recipe: defaultRecipe,
  attempts: 3,
  timeoutMs: 0,
  force: false,
  retryFailed: false,
  checksum: false,
  dryRun: false,
  requestedBy: 'bench',
  labels: { tag: folder, metadata: {} },
})

export const uploadRequest = (runId: string, tag: string | null): UploadRequest => ({
  source: 'upload',
  runId,
  root: '/spool',
  recipe: defaultRecipe,
  attempts: 3,
  timeoutMs: 0,
  force: false,
  requestedBy: 'bench',
  priority: 'interactive',
  labels: { tag, metadata: {} },
})

const syllables = ['ba', 'ci', 'do', 'fu', 'ger', 'lin', 'mor', 'nas', 'pel', 'rit', 'sul', 'ten']

/** Text of a page: words of two or three syllables, so that some are frequent and some are rare. */
export function textOf(random: Random, words: number): string {
  const word = (): string =>
    Array.from({ length: random.integer(2, 3) }, () => random.pick(syllables)).join('')
  return Array.from({ length: words }, word).join(' ')
}

const locate = (index: number, line: number) => ({
  x0: 200 + 180 * index,
  y0: 300 + 50 * line,
  x1: 360 + 180 * index,
  y1: 336 + 50 * line,
})

/** A read page whose words stand in lines of ten. */
export function pageOf(text: string): PageResult {
  const words = text.split(' ')
  const confidence = 91.5
  const lines = Array.from({ length: Math.ceil(words.length / 10) }, (_, line) => {
    const own = words.slice(10 * line, 10 * line + 10)
    const bbox = { ...locate(0, line), x1: locate(own.length - 1, line).x1 }
    return {
      text: own.join(' '),
      confidence,
      bbox,
      baseline: { x0: bbox.x0, y0: bbox.y1 - 6, x1: bbox.x1, y1: bbox.y1 - 6 },
      size: 34,
      words: own.map((word, index) => ({ text: word, confidence, bbox: locate(index, line) })),
    }
  })
  const bbox = { x0: 200, y0: 300, x1: 2_000, y1: 300 + 50 * lines.length }
  const located = { text, confidence, bbox }
  return {
    page: 1,
    outcome: 'succeeded',
    width: 2_480,
    height: 3_508,
    dpi: 300,
    orientation: { isMirrored: false, rotation: 0, skew: 0 },
    textSource: 'engine',
    readings: [],
    confidence,
    text,
    blocks: [{ ...located, paragraphs: [{ ...located, lines }] }],
    attempts: 1,
    timings: { openMs: 30, prepareMs: 120, waitMs: 2, recogniseMs: 800 },
    worker,
    engine: { name: 'noop', version: '1', core: 'none', traineddata: [] },
  }
}

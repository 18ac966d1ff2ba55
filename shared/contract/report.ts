/** A run's final report: shown as the summary, written with `--report`, served by the API. */
import { Type, type Static } from '@sinclair/typebox'
import { documentErrorSchema } from './result/error.ts'
import { recipeSchema } from './recipe.ts'
import { oneOf } from '../process/one-of.ts'
import { pauseSchema } from './pause.ts'
import {
  boundedList,
  boundedRecord,
  idText,
  longList,
  nameText,
  pathText,
} from './schema/bounded.ts'
import {
  amountOf,
  countOf,
  described,
  pageNumber,
  percentOf,
  runIdText,
  shareOf,
  timeOf,
} from './schema/described.ts'

const pageLineSchema = Type.Object(
  {
    path: described(pathText, 'Path of the document.', '2024/invoice.pdf'),
    page: pageNumber,
    ms: amountOf('Processing time of the page, milliseconds.', 2_150),
    confidence: percentOf('Mean word confidence.', 61.3),
  },
  { title: 'ReportPage', description: 'One page of the report.' },
)

/** A combined file that could not be written, and why. */
const leftOutSchema = Type.Object(
  {
    name: described(nameText, 'Name of the combined file.', 'combined.pdf'),
    ...documentErrorSchema.properties,
  },
  { title: 'LeftOut', description: 'Combined file that could not be written.' },
)
export type LeftOut = Static<typeof leftOutSchema>

const workerLineSchema = Type.Object(
  {
    worker: described(nameText, 'Worker id.', 'ocr-host-4711'),
    pages: countOf('Pages that it read.', 310),
    share: shareOf('Its part of all pages of the run.', 0.26),
    /** Overlapping work of a worker counts once. */
    utilisation: shareOf(
      'Part of the duration of the run in which it opened, prepared or recognized pages.',
      0.94,
    ),
  },
  { title: 'ReportWorker', description: 'One worker of the report.' },
)

export const runReportSchema = Type.Object(
  {
    runId: runIdText,
    state: described(
      oneOf(['finished', 'interrupted', 'paused', 'cancelled']),
      'State in which the run ended.',
    ),
    pause: Type.Optional(pauseSchema),
    root: described(pathText, 'Input folder.', 'in/2024'),
    out: described(pathText, 'Output folder.', 'out/2024'),
    recipe: recipeSchema,
    fingerprint: described(
      idText,
      'Hash of recipe, engine and preparation version, 16 hex digits.',
      '0f1e2d3c4b5a6978',
    ),
    startedAt: timeOf('Start of the run.'),
    finishedAt: timeOf('End of the run.'),
    seconds: amountOf('Duration, seconds.', 640),
    seen: countOf('Files found in the folder.', 1_250),
    outcomes: described(
      boundedRecord(Type.Integer(), 100, 100),
      'Documents by outcome, `unstable` included; 0 or more each.',
      { succeeded: 1_190, duplicate: 10 },
    ),
    restored: countOf(
      'Unchanged documents whose output was missing or edited and was written again.',
      0,
    ),
    unavailable: countOf('Documents that lack at least one requested output format.', 0),
    leftOut: Type.Optional(
      described(
        boundedList(leftOutSchema, 10),
        'Requested combined files that could not be written.',
      ),
    ),
    existing: Type.Optional(
      countOf('Documents skipped because of existing output files (`onExists: skip`).', 0),
    ),
    failedEarlier: countOf('Unchanged documents that failed in an earlier run.', 0),
    open: countOf('Planned documents without an outcome; the next run continues with them.', 0),
    unsettled: Type.Optional(
      Type.Object(
        {
          count: countOf('Documents.', 1),
          paths: described(boundedList(pathText, 1_000), 'First of their paths.', ['2024/a.png']),
        },
        {
          title: 'Unsettled',
          description: 'Documents of a finished run without an outcome. There should be none.',
        },
      ),
    ),
    warned: Type.Optional(
      Type.Object(
        {
          count: countOf('Documents.', 4),
          codes: described(
            boundedRecord(Type.Integer(), 100, 100),
            'Documents by warning, 0 or more each; one may have several.',
            { text_missed: 3, reading_given_up: 1 },
          ),
          paths: described(boundedList(pathText, 1_000), 'First of their paths.', ['2024/a.png']),
        },
        {
          title: 'Warned',
          description:
            'Documents read by the run with a warning at a page. Missing in reports of older versions.',
        },
      ),
    ),
    error: Type.Optional(documentErrorSchema),
    pagesRead: countOf('Pages read.', 4_800),
    pagesPerSecond: amountOf('Throughput, pages per second.', 7.5),
    pageMs: Type.Object(
      {
        p50: amountOf('Median, milliseconds.', 880),
        p95: amountOf('95th percentile, milliseconds.', 2_400),
      },
      {
        title: 'PageTime',
        description: 'Time to open, prepare and recognize a page, milliseconds.',
      },
    ),
    workers: described(longList(workerLineSchema), 'Workers that read pages of the run.'),
    slowest: described(boundedList(pageLineSchema, 1_000), 'Slowest pages, slowest first.'),
    leastConfident: described(
      boundedList(pageLineSchema, 1_000),
      'Pages with the lowest confidence, lowest first.',
    ),
  },
  { title: 'Report', description: 'Report of a folder run that has ended.' },
)
export type RunReport = Static<typeof runReportSchema>

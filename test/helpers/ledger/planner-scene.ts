import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { join } from 'node:path'
import { createCollector } from '../../../services/aggregator/results/collector.ts'
import { createPublisher } from '../../../services/outputs/publish/publisher.ts'
import { createRecorder } from '../../../services/aggregator/results/recorder.ts'
import { toEnding } from '../../../services/aggregator/events/document-event.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import { createResultReader } from '../../../shared/redis/result-stream.ts'
import { makeFolder, writeOld, type Ending } from '../folder.ts'
import { makeLedger, rowOf } from './ledger.ts'
import { planRun } from './planning.ts'
import { freeLease } from '../processes/lease.ts'
import { silent } from '../processes/private-redis.ts'
import { pageReport } from './records.ts'

const ignore = (): void => undefined
let scenes = 0

/** A folder of old files and everything that a planner needs. */
export function makePlannerScene(t: Ending, redis: Redis, names: readonly string[] = []) {
  scenes += 1
  const keys = createKeys(`p${scenes}`)
  const queue = createPageQueue(redis, keys)
  t.after(() => queue.close())
  const ledger = makeLedger(t)
  const root = makeFolder(t)
  const out = makeFolder(t)
  for (const name of names) writeOld(join(root, name))
  const deps = { ledger, redis, keys, queue }
  const plan = (given: Partial<FolderRequest> = {}, options = {}) =>
    planRun(t, deps, { root, out, ...given }, options)
  const waiting = () => ledger.documents.idsInState('r1', 'planned').map((id) => rowOf(ledger, id))
  /** Collects a worker's reports about every planned document, like the aggregator. */
  const readAll = async (progress: ReturnType<typeof plan>['progress']): Promise<void> => {
    const publisher = createPublisher(ledger, ignore, silent)
    const onFinal = (ids: readonly string[]): void => {
      for (const id of ids) progress.ended(toEnding(rowOf(ledger, id), ledger.pages.summary(id)))
    }
    const reader = createResultReader(redis, keys, 'a', freeLease(redis))
    const collector = createCollector({
      ledger,
      reader,
      queue,
      publisher,
      record: createRecorder(ledger, ignore),
      onAccepted: ignore,
      onPages: ignore,
      onFinal,
      log: silent,
    })
    const reports = waiting().map(({ id, jobId }) => pageReport({ jobId, documentId: id }))
    await collector.absorb(reports)
  }
  return { ...deps, root, out, plan, waiting, readAll }
}

import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { bands } from '../../../shared/redis/fair-turns.ts'
import { createReporter } from '../../../shared/redis/result-stream.ts'
import { makeFolder, type Ending } from '../folder.ts'
import { makePlan, planInto, rowOf } from './ledger.ts'
import { makeJob, makeRequest } from './records.ts'
import { makeRecording } from './recording.ts'

/** A folder run r1 with these documents planned and on the queue, beside all that it takes to command them. */
export async function makeDocumentScene(t: Ending, redis: Redis, ids: readonly string[] = []) {
  const recording = makeRecording(t, redis)
  const { ledger, queue, keys } = recording
  const root = makeFolder(t)
  const out = makeFolder(t)
  ledger.runs.add(makeRequest({ root, out }), 'fp')
  for (const id of ids) planInto(ledger, out, makePlan(id))
  await queue.add(
    ids.map((id) => ({
      jobId: `j${id}`,
      job: makeJob({ documentId: id }),
      band: bands.bulk,
      caller: 'tester',
    })),
  )
  const standing = (id: string) => {
    const { state, outcome, error } = rowOf(ledger, id)
    return { state, outcome, code: error?.code ?? null }
  }
  const reporter = createReporter(redis, keys)
  const cancelled = (jobIds: readonly string[]) => reporter.cancelled(jobIds)
  return { ...recording, root, out, standing, cancelled }
}

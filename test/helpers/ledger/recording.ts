import { hash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCollector } from '../../../services/aggregator/results/collector.ts'
import { createDocumentCommands } from '../../../services/aggregator/commands/document-commands.ts'
import { createPublisher } from '../../../services/outputs/publish/publisher.ts'
import { createRecorder } from '../../../services/aggregator/results/recorder.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import { createPageQueue } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { createResultReader } from '../../../shared/redis/result-stream.ts'
import { openSpool, ticketFile } from '../../../shared/files/spool.ts'
import { makeFolder, type Ending } from '../folder.ts'
import { makeLedger } from './ledger.ts'
import { freeLease } from '../processes/lease.ts'
import { silent } from '../processes/private-redis.ts'

let scenes = 0

/** Ledger, spool, queue and the recording of results, wired as in the aggregator, and the published messages. */
export function makeRecording(ending: Ending, redis: Redis) {
  scenes += 1
  const keys = createKeys(`m${scenes}`)
  const queue = createPageQueue(redis, keys)
  const lease = freeLease(redis)
  ending.after(() => queue.close())
  const ledger = makeLedger(ending)
  const spool = openSpool(makeFolder(ending))
  const announced: string[] = []
  const accepted: Acceptance[] = []
  const final: string[] = []
  const announce = (id: string): void => void announced.push(id)
  const publisher = createPublisher(ledger, announce, silent)
  const listeners = {
    onAccepted: (_taken: readonly Acceptance[]): void => undefined,
    onFinal: (_ids: readonly string[]): void => undefined,
  }
  const { absorb } = createCollector({
    ledger,
    reader: createResultReader(redis, keys, 'a', lease),
    queue,
    publisher,
    record: createRecorder(ledger, announce),
    onAccepted(taken) {
      accepted.push(...taken)
      listeners.onAccepted(taken)
    },
    onPages: () => undefined,
    onFinal(ids) {
      final.push(...ids)
      listeners.onFinal(ids)
    },
    log: silent,
  })
  const documents = createDocumentCommands({
    ledger,
    redis,
    keys,
    queue,
    spool,
    absorb,
    log: silent,
  })
  const inputFile = (content: string): string => join(spool.inputs, hash('sha256', content))
  return {
    redis,
    keys,
    lease,
    queue,
    ledger,
    spool,
    publisher,
    absorb,
    documents,
    listeners,
    announced,
    accepted,
    final,
    /** Writes a file to the place of its upload. */
    putInput: (content: string): void => writeFileSync(inputFile(content), content),
    hasInput: (content: string): boolean => existsSync(inputFile(content)),
    putTicket: (acceptance: Acceptance): void =>
      writeFileSync(ticketFile(spool, acceptance.request.runId), JSON.stringify(acceptance)),
  }
}

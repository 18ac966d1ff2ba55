import { decodeMemory, type AggregatorConfig } from '../../../shared/process/config.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Keys } from '../../../shared/redis/keys.ts'
import type { Logger } from '../../../shared/process/logger.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import type { Measures } from '../../../shared/redis/measures.ts'
import { createPdfPasswords } from '../../../shared/redis/pdf-passwords.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { createDecoder } from '../../outputs/decoder/decoder.ts'
import { createBackgroundPublisher } from '../../outputs/publish/background-publisher.ts'
import { pdfPasswordsOf } from '../../outputs/publish/pdf-password.ts'
import { createPublisher } from '../../outputs/publish/publisher.ts'

interface Deps {
  config: AggregatorConfig
  ledger: Ledger
  redis: Redis
  keys: Keys
  /** Records the work in progress. */
  hands: Hands
  /** Called in the transaction in which a document becomes final. */
  announce: (documentId: string) => void
  /** Called with documents that a lengthy write in the background has made final. */
  onFinal: (ids: readonly string[]) => void
  measures: Pick<Measures, 'observe'>
  log: Logger
  /** Receives the messages that repeat while the disk rejects writes. */
  outages: Lines
}

/** Writes output files, at once or in the background. */
export function createPublishing(deps: Deps) {
  const { config, ledger, redis, keys, hands, log, outages } = deps
  const pdfPasswordOf = pdfPasswordsOf(createPdfPasswords(redis, keys, config))
  const decoder = createDecoder({
    maxMegapixels: config.SCRIPTORIUM_MAX_MEGAPIXELS,
    maxBytes: decodeMemory(config.SCRIPTORIUM_DECODE_MEMORY),
  })
  const options = {
    pdfPasswordOf,
    hands,
    decoder,
    onWritten: (ms: number) => deps.measures.observe('stage', 'write', ms / 1_000),
  }
  const publisher = createPublisher(ledger, deps.announce, log, options)
  const background = createBackgroundPublisher({
    ledger,
    publisher,
    onFinal: deps.onFinal,
    log: outages,
  })
  return { publisher, background, pdfPasswordOf, close: () => decoder.close() }
}

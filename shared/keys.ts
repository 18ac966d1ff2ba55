/**
 * Every Redis key of ours is built here. BullMQ's own lie under `<prefix>:bull:*`.
 * The table with types, lifetimes and owners is in docs/architecture.md.
 */
export function createKeys(prefix: string) {
  const key = (...parts: string[]): string => [prefix, ...parts].join(':')
  return {
    bullPrefix: key('bull'),
    /** Stream of what workers report; consumed by the aggregator. */
    results: key('results'),
    /** Stream of what ingests ask of the aggregator. */
    commands: key('commands'),
    /** "This job has reported": a second delivery returns at once. */
    done: (jobId: string) => key('done', jobId),
    /** How often reading this job began without ending: its worker died. */
    begun: (jobId: string) => key('begun', jobId),
    /** Which document of a run was first to hold this content. */
    claim: (runId: string, fingerprint: string, sha256: string) =>
      key('claim', runId, fingerprint, sha256.slice(0, 32)),
    /** "Nobody wants this any more": looked at by workers that have it, or one of its pages, on their desk. */
    cancelled: (documentJobId: string) => key('cancelled', documentJobId),
    /** An accepted document, or its run, that the ledger may not know yet: a client asks at once. */
    accepted: (id: string) => key('accepted', id),
    /** What an Idempotency-Key of one token stood for. */
    idempotency: (tokenName: string, idempotencyKey: string) =>
      key('idempotency', tokenName, idempotencyKey),
    rateLimit: key('rate-limit:'),
    /** The password of a run's PDFs, in the clear: it is nowhere else, and goes with the run's end. */
    secret: (runId: string) => key('run', runId, 'secret'),
    worker: (workerId: string) => key('worker', workerId),
    workers: key('workers'),
    aggregator: key('aggregator'),
    progress: (runId: string) => key('run', runId, 'progress'),
    events: (runId: string) => key('run', runId, 'events'),
    report: (runId: string) => key('run', runId, 'report'),
    paths: (runId: string) => key('run', runId, 'paths'),
    /** Who follows the run that writes this output folder. */
    holder: (outHash: string) => key('out', outHash, 'holder'),
    latestRun: (outHash: string) => key('out', outHash, 'run'),
  }
}

export type Keys = ReturnType<typeof createKeys>

/** Lifetimes, seconds. */
export const ttl = {
  done: 3_600,
  begun: 3_600,
  claim: 3_600,
  cancelled: 3_600,
  accepted: 3_600,
  idempotency: 86_400,
  /** A run that takes longer asks for its password again: what is encrypted then ends `password_required`. */
  secret: 86_400,
  heartbeat: 15,
  finishedRun: 86_400,
  holder: 15,
} as const

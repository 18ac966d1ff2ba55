/**
 * Builds all our Redis keys. BullMQ's own are `<prefix>:bull:*`. docs/redis-keys.md lists types, lifetimes and owners.
 */
export function createKeys(prefix: string) {
  const key = (...parts: string[]): string => [prefix, ...parts].join(':')
  return {
    bullPrefix: key('bull'),
    /** Stream of worker reports; the aggregator consumes it. */
    results: key('results'),
    /** Stream of commands to the aggregator. */
    commands: key('commands'),
    /** "This command has been done": it lets a sender distinguish done commands from lost ones. */
    handled: (commandId: string) => key('handled', commandId),
    /** "This job has reported": a second delivery returns at once. */
    done: (jobId: string) => key('done', jobId),
    /** Number of times that reading this job began without ending, because its worker died. */
    begun: (jobId: string) => key('begun', jobId),
    /** Number of pages of a document that were given up because reading them crashed their worker. */
    crashed: (documentJobId: string) => key('crashed', documentJobId),
    /** The first document of a run with this content. */
    claim: (runId: string, fingerprint: string, sha256: string) =>
      key('claim', runId, fingerprint, sha256.slice(0, 32)),
    /** "This job is cancelled": workers check it for the jobs on their desk and their pages. */
    cancelled: (documentJobId: string) => key('cancelled', documentJobId),
    /** The picture of a page on its way from a worker to the API, or the reason why there is none. */
    picture: (pictureId: string) => key('picture', pictureId),
    rateLimit: key('rate-limit:'),
    /** The turn that each caller has reached in a band of the queue. */
    turns: (band: string) => key('turns', band),
    /** Written to test whether Redis accepts writes. */
    probe: key('probe'),
    /** The password of a run's PDFs: it is nowhere else, and is deleted at the run's end. */
    secret: (runId: string) => key('run', runId, 'secret'),
    worker: (workerId: string) => key('worker', workerId),
    workers: key('workers'),
    /** Why the workers of a fleet exit before they are ready. */
    startFailure: key('start-failure'),
    /**
     * The wanted recipes that a worker can read, stored beside its heartbeat; the key for version 1 of jobs has no
     * number.
     */
    abilities: (workerId: string) => key('worker', workerId, 'abilities-3'),
    /** The recipe of the jobs with this recipe id. */
    recipe: (recipeId: string) => key('recipe', recipeId),
    /** The recipe ids of open runs, by fingerprint. */
    wanted: key('wanted'),
    /** The wanted recipes that no worker can read, and the reasons. */
    blocked: key('blocked'),
    aggregator: key('aggregator'),
    /** Sums that all workers and the aggregator add to, for the metrics. */
    measures: key('measures'),
    /** The one aggregator that serves this prefix. */
    lease: key('lease'),
    progress: (runId: string) => key('run', runId, 'progress'),
    events: (runId: string) => key('run', runId, 'events'),
    /** Stream of the ends of documents of all runs: for people who watch the service. */
    feed: key('feed'),
    report: (runId: string) => key('run', runId, 'report'),
    paths: (runId: string) => key('run', runId, 'paths'),
    /** The process that follows the run which writes this output folder. */
    holder: (outHash: string) => key('out', outHash, 'holder'),
    latestRun: (outHash: string) => key('out', outHash, 'run'),
  }
}

export type Keys = ReturnType<typeof createKeys>

/** Lifetimes, seconds. */
export const ttl = {
  done: 3_600,
  begun: 3_600,
  crashed: 3_600,
  claim: 3_600,
  cancelled: 3_600,
  /** The API polls for it and takes it at once; others that wait for the same picture, too. */
  picture: 15,
  /** A longer run must ask for its password again: PDFs that are encrypted then end `password_required`. */
  secret: 86_400,
  heartbeat: 15,
  /** Renewed by every measured page: a service that rests for a month begins with zero. */
  measures: 2_592_000,
  lease: 15,
  handled: 600,
  /** Renewed five times a second while a process follows the run; the list of paths waits for the aggregator. */
  activeRun: 15,
  paths: 86_400,
  /** A fleet retries sooner, and reports again. */
  startFailure: 90,
  /** For this long workers continue to report their abilities while the aggregator is down. */
  recipes: 86_400,
  /** Renewed by every check of open runs; for this long jobs may wait for an aggregator. */
  recipe: 86_400,
  blocked: 30,
  finishedRun: 86_400,
  holder: 15,
} as const

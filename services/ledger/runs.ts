import type { DatabaseSync } from 'node:sqlite'
import { ScriptoriumError, toError } from '../../shared/process/errors.ts'
import { createParser } from '../../shared/contract/messages/parser.ts'
import {
  runRequestSchema,
  type FolderRequest,
  type RunRequest,
} from '../../shared/contract/messages/run-request.ts'
import { createRunTransitions, type RunState } from './transitions/run-transitions.ts'
import { upgradeRequest } from '../../shared/contract/schema/upgrades.ts'

/** A run in the ledger. */
export interface Run<Request extends RunRequest = RunRequest> {
  id: string
  request: Request
  fingerprint: string
  state: RunState
  startedAt: string
  finishedAt: string | null
  /** The run's report as JSON text, once it has ended. */
  report: string | null
}

export type FolderRun = Run<FolderRequest>

export const isFolderRun = (run: Run): run is FolderRun => run.request.source === 'folder'

const parseRequest = createParser('a run request', runRequestSchema, upgradeRequest)

type Row = Record<string, unknown>

const runsAtATime = 50

export function createRuns(database: DatabaseSync, toRun: RunReader = createRunReader()) {
  const insert = database.prepare(
    `INSERT OR IGNORE INTO runs (id, root, out, request, fingerprint, state, started_at, source, tag)
     VALUES (?, ?, ?, ?, ?, 'active', ?, ?, ?)`,
  )
  const byId = database.prepare('SELECT * FROM runs WHERE id = ?')
  const active = database.prepare(
    `SELECT * FROM runs WHERE state = 'active' AND source = 'folder' ORDER BY started_at`,
  )
  const latest = database.prepare(
    'SELECT * FROM runs WHERE out = ? ORDER BY started_at DESC LIMIT 1',
  )
  const folders = database.prepare(`
    SELECT root, out FROM runs WHERE source = 'folder' AND out <> ? GROUP BY root, out ORDER BY max(started_at) DESC LIMIT ?`)
  const unannounced = database.prepare(
    `SELECT * FROM runs WHERE is_announced = 0 AND state <> 'active' ORDER BY finished_at`,
  )
  const activeUploads = database.prepare(
    `SELECT id FROM runs WHERE state = 'active' AND source = 'upload'`,
  )
  // Jumps from one fingerprint to the next by their index: each may have many thousands of runs.
  const recipes = database.prepare(`
    WITH RECURSIVE known(fingerprint) AS (
      SELECT min(fingerprint) FROM runs WHERE state = 'active'
      UNION ALL SELECT (SELECT min(r.fingerprint) FROM runs r WHERE r.state = 'active' AND r.fingerprint > known.fingerprint)
      FROM known WHERE known.fingerprint IS NOT NULL
    )
    SELECT runs.* FROM known JOIN runs
      ON runs.id = (SELECT min(r.id) FROM runs r WHERE r.state = 'active' AND r.fingerprint = known.fingerprint)`)
  const activeWith = database.prepare(`
    SELECT * FROM runs WHERE state = 'active' AND fingerprint = ? AND id > ? ORDER BY id LIMIT ${runsAtATime}`)
  const withKey = database.prepare(`
    SELECT * FROM runs WHERE json_extract(request, '$.idempotency.key') = ? AND started_at > ?
    ORDER BY started_at LIMIT 1`)
  const remove = database.prepare('DELETE FROM runs WHERE id = ?')
  const insertPath = database.prepare('INSERT INTO run_paths (run_id, path) VALUES (?, ?)')
  const paths = database.prepare('SELECT path FROM run_paths WHERE run_id = ? ORDER BY rowid')
  const toFolderRun = (row: Row | undefined): FolderRun | undefined => {
    const run = toRun(row)
    return run !== undefined && isFolderRun(run) ? run : undefined
  }
  return {
    ...createRunTransitions(database),
    /** Inserts a run; an existing one stays unchanged. */
    add(
      request: RunRequest,
      fingerprint: string,
      startedAt: string = new Date().toISOString(),
    ): void {
      const { runId, root, source, labels } = request
      const out = source === 'folder' ? request.out : ''
      const text = JSON.stringify(request)
      insert.run(runId, root, out, text, fingerprint, startedAt, source, labels?.tag ?? null)
    },
    get: (id: string): Run | undefined => toRun(byId.get(id)),
    /** The same, if it reads a folder. */
    getFolder: (id: string): FolderRun | undefined => toFolderRun(byId.get(id)),
    /** The first upload after `since` (ISO 8601) with an idempotency key, by its hash. */
    withKey: (key: string, since: string): Run | undefined => toRun(withKey.get(key, since)),
    /** Why an existing run cannot be parsed. */
    problemOf: (id: string): Error | undefined => problemIn(byId.get(id)),
    /** Folder runs that have not ended. */
    active: (): FolderRun[] => active.all().flatMap((row) => toFolderRun(row) ?? []),
    /** The run that wrote an output folder last. */
    latest: (out: string): FolderRun | undefined => toFolderRun(latest.get(out)),
    /** Inputs and output folders of runs that wrote elsewhere, the latest first. */
    elsewhere: (out: string, limit: number) =>
      folders.all(out, limit) as unknown as { root: string; out: string }[],
    /** Runs whose end may not have been announced. */
    unannounced: (): Run[] => unannounced.all().flatMap((row) => toRun(row) ?? []),
    /** One open run of each fingerprint, folder or upload. */
    openRecipes: (): Run[] => recipes.all().flatMap((row) => toRun(row) ?? []),
    /** Open runs with this fingerprint, in batches. */
    *activeWith(fingerprint: string): Generator<Run[]> {
      let last = ''
      for (;;) {
        const found = activeWith.all(fingerprint, last)
        if (found.length > 0) yield found.flatMap((row) => toRun(row) ?? [])
        if (found.length < runsAtATime) return
        last = String(found.at(-1)?.['id'])
      }
    },
    activeUploads: () => activeUploads.all().map((row) => String(row['id'])),
    remove: (id: string) => remove.run(id),
    addPaths(id: string, list: readonly string[]): void {
      for (const path of list) insertPath.run(id, path)
    },
    /** The paths of a run that was given a list. */
    paths: (id: string): string[] => paths.all(id).map((row) => String(row['path'])),
  }
}

/** Parses rows of runs; reports a row that this version cannot parse once, and treats it as missing. */
export function createRunReader(onUnreadable: (why: Error) => void = () => undefined) {
  const told = new Set<unknown>()
  return (row: Row | undefined): Run | undefined => {
    if (row === undefined) return undefined
    try {
      return parseRun(row)
    } catch (thrown) {
      if (!told.has(row['id'])) onUnreadable(toError(thrown))
      told.add(row['id'])
      return undefined
    }
  }
}

export type RunReader = ReturnType<typeof createRunReader>

function problemIn(row: Row | undefined): Error | undefined {
  try {
    if (row !== undefined) parseRun(row)
    return undefined
  } catch (thrown) {
    return toError(thrown)
  }
}

function parseRun(row: Row): Run {
  const text = (name: string): string | null => {
    const value = row[name]
    return typeof value === 'string' ? value : null
  }
  const id = String(row['id'])
  return {
    id,
    request: toRequest(`run ${id} of the ledger`, String(row['request'])),
    fingerprint: String(row['fingerprint']),
    state: row['state'] as RunState,
    startedAt: String(row['started_at']),
    finishedAt: text('finished_at'),
    report: text('report'),
  }
}

function toRequest(what: string, text: string): RunRequest {
  try {
    return parseRequest(JSON.parse(text))
  } catch (thrown) {
    throw new ScriptoriumError('damaged_record', `${what}: ${toError(thrown).message}`, {
      cause: thrown,
    })
  }
}

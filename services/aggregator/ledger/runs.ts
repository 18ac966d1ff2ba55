import type { DatabaseSync } from 'node:sqlite'
import { createParser, runRequestSchema, type RunRequest } from '../../../shared/messages.ts'

export type RunState = 'active' | 'finished' | 'interrupted' | 'cancelled'

/** A run as the ledger knows it. */
export interface Run {
  id: string
  request: RunRequest
  fingerprint: string
  state: RunState
  startedAt: string
  finishedAt: string | null
  /** The run's report as JSON text, once it has ended. */
  report: string | null
}

const parseRequest = createParser('a run request', runRequestSchema)

export function createRuns(database: DatabaseSync) {
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
  const end = database.prepare(
    'UPDATE runs SET state = ?, finished_at = ?, report = ? WHERE id = ?',
  )
  const activeUploads = database.prepare(
    `SELECT id FROM runs WHERE state = 'active' AND source = 'upload'`,
  )
  const reopen = database.prepare(
    `UPDATE runs SET state = 'active', started_at = ?, finished_at = NULL, report = NULL WHERE id = ?`,
  )
  const remove = database.prepare('DELETE FROM runs WHERE id = ?')
  const insertPath = database.prepare('INSERT INTO run_paths (run_id, path) VALUES (?, ?)')
  const paths = database.prepare('SELECT path FROM run_paths WHERE run_id = ? ORDER BY rowid')
  return {
    /** Enters a run; one that is there already stays as it is. */
    add(
      request: RunRequest,
      fingerprint: string,
      startedAt: string = new Date().toISOString(),
    ): void {
      const { runId, root, out, source = 'folder', labels } = request
      const text = JSON.stringify(request)
      insert.run(runId, root, out, text, fingerprint, startedAt, source, labels?.tag ?? null)
    },
    get: (id: string): Run | undefined => toRun(byId.get(id)),
    /** Folder runs that have not ended. */
    active: (): Run[] => active.all().flatMap((row) => toRun(row) ?? []),
    /** The run that wrote an output folder last. */
    latest: (out: string): Run | undefined => toRun(latest.get(out)),
    end(id: string, state: RunState, report: string | null): void {
      end.run(state, new Date().toISOString(), report, id)
    },
    activeUploads: () => activeUploads.all().map((row) => String(row['id'])),
    /** A run that had ended goes on: some of its documents are to be read again. */
    reopen(id: string): void {
      reopen.run(new Date().toISOString(), id)
    },
    remove: (id: string) => remove.run(id),
    addPaths(id: string, list: readonly string[]): void {
      for (const path of list) insertPath.run(id, path)
    },
    /** The paths that a run was given as a list. */
    paths: (id: string): string[] => paths.all(id).map((row) => String(row['path'])),
  }
}

export function toRun(row: Record<string, unknown> | undefined): Run | undefined {
  if (row === undefined) return undefined
  const text = (name: string): string | null => {
    const value = row[name]
    return typeof value === 'string' ? value : null
  }
  return {
    id: String(row['id']),
    request: parseRequest(JSON.parse(String(row['request']))),
    fingerprint: String(row['fingerprint']),
    state: row['state'] as RunState,
    startedAt: String(row['started_at']),
    finishedAt: text('finished_at'),
    report: text('report'),
  }
}

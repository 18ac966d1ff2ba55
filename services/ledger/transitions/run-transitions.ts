import type { DatabaseSync } from 'node:sqlite'

export type RunState = 'active' | 'finished' | 'interrupted' | 'paused' | 'cancelled'

/** A run's state machine. Each transition names the states it may start from, and returns whether it happened. */
export function createRunTransitions(database: DatabaseSync) {
  // No client waits for the end of an upload through its report: the ledger answers them.
  const end = database.prepare(
    `UPDATE runs SET state = ?, finished_at = ?, report = ?, is_announced = source <> 'folder'
     WHERE id = ? AND state = 'active'`,
  )
  const setAnnounced = database.prepare(
    `UPDATE runs SET is_announced = 1 WHERE id = ? AND state <> 'active'`,
  )
  const setFingerprint = database.prepare(
    `UPDATE runs SET fingerprint = ? WHERE id = ? AND state = 'active'`,
  )
  const reopen = database.prepare(
    `UPDATE runs SET state = 'active', started_at = ?, finished_at = NULL, report = NULL, is_announced = 1
     WHERE id = ? AND state <> 'active'`,
  )
  const resume = database.prepare(
    `UPDATE runs SET state = 'active', fingerprint = ?, started_at = ?, finished_at = NULL, report = NULL
     WHERE id = ? AND state = 'paused'`,
  )
  const supersede = database.prepare(
    `UPDATE runs SET state = 'interrupted', report = NULL WHERE out = ? AND state = 'paused'`,
  )
  return {
    /** active → `state`. False where it has ended already. */
    end: (id: string, state: Exclude<RunState, 'active'>, report: string | null): boolean =>
      end.run(state, new Date().toISOString(), report, id).changes === 1,
    /** An ended run → active: some of its documents are read again. */
    reopen: (id: string): boolean => reopen.run(new Date().toISOString(), id).changes === 1,
    /** paused → active, with the fingerprint of the present engine. */
    resume: (id: string, fingerprint: string): boolean =>
      resume.run(fingerprint, new Date().toISOString(), id).changes === 1,
    /** Paused runs of an output folder → interrupted: another run continues with their documents. */
    supersedePaused: (out: string) => supersede.run(out),
    /** For an open run: another engine reads it from now on. */
    setFingerprint: (id: string, fingerprint: string): boolean =>
      setFingerprint.run(fingerprint, id).changes === 1,
    setAnnounced: (id: string) => setAnnounced.run(id),
  }
}

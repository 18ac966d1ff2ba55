import { toError } from '../../../shared/process/errors.ts'
import type { Hand } from '../../../shared/hands/hand.ts'
import type { Hands } from '../../../shared/hands/hands.ts'
import type { Lines } from '../../../shared/process/outage-log.ts'
import { failed as failedReport, openEntry } from '../../../shared/redis/result-stream.ts'
import type { StreamEntry, Taken } from '../../../shared/redis/result-stream.ts'
import { workItems } from '../../ledger/work-items.ts'

/** An unpacked report takes a hundred times its bytes on the stream. */
const openedAtOnceBytes = 4 * 2 ** 20
const notUnderstood =
  'a result is not understood; is a worker or an API newer than this aggregator?'

/** Results of one group, and the ids of their entries and of entries that are set aside. */
interface OpenedGroup {
  results: StreamEntry[]
  ids: string[]
}

/** Opens entries of the stream, each of them in progress: one that keeps killing the process is set aside. */
export function createEntryOpener(hands: Pick<Hands, 'isSuspect'>, log: Lines) {
  /** Entries of a newer version: every read of pending entries returns them again. */
  const told = new Set<string>()

  const isSuspect = ({ of }: Taken): boolean =>
    of !== undefined && hands.isSuspect(workItems.collect(of.jobId))

  /** In order; a suspect by itself, and no more at once than memory allows. */
  function* groupsOf(taken: readonly Taken[]): Generator<readonly Taken[]> {
    let group: Taken[] = []
    let bytes = 0
    for (const entry of taken) {
      const [before] = group
      const isFull = bytes + (entry.payload?.length ?? 0) > openedAtOnceBytes
      if (before !== undefined && (isFull || isSuspect(entry) || isSuspect(before))) {
        yield group
        group = []
        bytes = 0
      }
      group.push(entry)
      bytes += entry.payload?.length ?? 0
    }
    if (group.length > 0) yield group
  }

  /** Opens an entry, which stays in progress; a failure replaces a report that is set aside. */
  const open = async (taken: Taken, hand: Hand) => {
    const { of } = taken
    try {
      if (of !== undefined) await hand.next(workItems.collect(of.jobId))
    } catch (thrown) {
      const { message } = toError(thrown)
      log.error({ entry: taken.id, of, err: message }, 'result set aside as poison')
      if (of === undefined || of.documentId === '') return 'poison'
      return { entry: failedReport(of, 'poison', message) }
    }
    return openEntry(taken)
  }

  const openGroup = async (group: readonly Taken[], hand: Hand): Promise<OpenedGroup> => {
    const results: StreamEntry[] = []
    const ids: string[] = []
    for (const taken of group) {
      const opened = await open(taken, hand)
      if (opened === 'poison') ids.push(taken.id)
      else if ('error' in opened) {
        // Not acknowledged: a newer aggregator may be able to parse it. Many such entries pause the fleet like an
        // absent collector.
        if (!told.has(taken.id)) log.error({ entry: taken.id, err: opened.error }, notUnderstood)
        told.add(taken.id)
      } else {
        results.push(opened.entry)
        ids.push(taken.id)
      }
    }
    return { results, ids }
  }

  return { groupsOf, openGroup }
}

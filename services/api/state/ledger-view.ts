import { statSync } from 'node:fs'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { ledgerFile, openLedger, type Ledger } from '../../ledger/ledger.ts'

/**
 * The API's read-only ledger. It is opened on first use, because the aggregator creates it, and reopened when another
 * file has replaced it. Throws `ledger_unavailable` while there is none.
 */
export function createLedgerView(folder: string, onUnreadable?: (why: Error) => void) {
  const file = ledgerFile(folder)
  const options = { readOnly: true, ...(onUnreadable && { onUnreadable }) }
  let opened: { ledger: Ledger; inode: bigint } | undefined
  const close = (): void => {
    opened?.ledger.close()
    opened = undefined
  }
  return {
    get(): Ledger {
      const inode = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino
      if (opened !== undefined && opened.inode === inode) return opened.ledger
      close()
      if (inode === undefined) {
        const message = 'the ledger does not exist yet; start the aggregator, which creates it'
        throw new ScriptoriumError('ledger_unavailable', message)
      }
      opened = { ledger: openLedger(folder, options), inode }
      return opened.ledger
    },
    close,
  }
}

export type LedgerView = ReturnType<typeof createLedgerView>

import { existsSync } from 'node:fs'
import { ScriptoriumError } from '../../shared/errors.ts'
import { ledgerFile, openLedger, type Ledger } from '../aggregator/ledger/ledger.ts'

/**
 * The ledger as the API sees it: read, never written. It is opened when it is first asked for, because the aggregator
 * makes it. Throws `ledger_unavailable` until then.
 */
export function createLedgerView(folder: string) {
  let ledger: Ledger | undefined
  return {
    get(): Ledger {
      if (ledger !== undefined) return ledger
      if (!existsSync(ledgerFile(folder))) {
        throw new ScriptoriumError(
          'ledger_unavailable',
          'there is no ledger yet; is the aggregator running?',
        )
      }
      ledger = openLedger(folder, { readOnly: true })
      return ledger
    },
    close: () => ledger?.close(),
  }
}

export type LedgerView = ReturnType<typeof createLedgerView>

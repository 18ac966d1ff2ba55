import type { Command } from 'commander'
import { exitCodes } from '../../../../shared/process/errors.ts'
import { openLedger } from '../../../ledger/ledger.ts'
import { newCommand, type Common } from '../../command.ts'
import { counted } from '../../counted.ts'
import { findLedgerFolder } from '../ledger-folder.ts'
import { exportTruth } from './export-truth.ts'

interface Deps {
  stdout: Pick<NodeJS.WritableStream, 'write'>
  end: (code: number) => void
}

/** `export-truth`: exit code 2 if a page could not be exported. */
export const exportTruthCommand = ({ stdout, end }: Deps): Command =>
  newCommand('export-truth')
    .description('Writes the pages that people corrected, each with its text, for npm run eval.')
    .argument('<folder>', 'SCRIPTORIUM_DATA, or an output folder of ingest')
    .argument('<target>', 'folder to write to')
    .action(async (given: string, target: string, { quiet }: Common) => {
      const ledger = openLedger(findLedgerFolder(given).folder, { readOnly: true })
      try {
        const { pages, leftOut } = await exportTruth(ledger, target)
        for (const { name, page, reason } of leftOut)
          stdout.write(`${name}, page ${page}, was left out: ${reason}\n`)
        if (leftOut.length > 0) end(exitCodes.someFailed)
        if (!quiet) stdout.write(`Exported ${counted(pages, 'corrected page')} to ${target}.\n`)
      } finally {
        ledger.close()
      }
    })

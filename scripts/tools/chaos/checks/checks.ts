import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clients } from '../clients/clients.ts'
import type { ChaosFinding } from '../history/findings.ts'
import { createLedgerLook } from '../world/ledger.ts'
import type { World } from '../world/world.ts'
import { checkKeys, readKeyTable } from './keys.ts'
import { checkSpoolFiles } from './leftovers.ts'
import { checkFolderOutputs, checkTemporaries } from '../corpus/outputs.ts'
import { checkRecords, checkUploads } from './records.ts'

/** Checks every promise of a round against the final state, when all work has ended. */
export async function check(
  world: World,
  { uploads, runs, draftsBefore }: Clients,
): Promise<ChaosFinding[]> {
  const { setting, redis, folders, ledger, address } = world
  const keyTable = readFileSync(join(setting.repository, 'docs/redis-keys.md'), 'utf8')
  const uploaded = ledger.uploads()
  return [
    ...uploads.findings,
    ...(await checkUploads(uploads, uploaded, address)),
    ...checkSpoolFiles(folders.data, uploads, uploaded, draftsBefore),
    ...runs.flatMap(({ folder, data, findings }) => [
      ...findings,
      ...checkRecords(folder, createLedgerLook(data).of(folder.out)),
      ...checkFolderOutputs(folder),
      ...checkTemporaries(folder),
    ]),
    ...(await checkKeys(redis.control, 'scriptorium', readKeyTable(keyTable))),
  ]
}

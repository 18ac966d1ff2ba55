import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { nameHolder } from '../../../../shared/files/file-lock.ts'
import { requireWritable } from '../../../../shared/files/folder-access.ts'
import { isLedgerOpen } from '../../../ledger/copies/copy.ts'
import { asideFile, finishRestore, restoredFolder } from '../../../ledger/copies/restored.ts'
import { migrations } from '../../../ledger/schema.ts'
import { ledgerFolderOf } from '../ledger-folder.ts'
import { takeLocks } from '../locks.ts'
import { copyDurably, sync } from './files.ts'
import { readManifest, verifyFiles, type Manifest } from './manifest.ts'

export interface RestoreResult {
  folder: string
  manifest: Manifest
  /** Where what was there lies now; undefined where nothing was. */
  aside: string | undefined
}

/**
 * Brings a backup back into a folder of the same kind, there or elsewhere. All of it is copied and compared first; then
 * a few renames put it in place, which whatever starts next would finish; what was there is kept.
 * Throws `backup_damaged`, `output_held` where a process works with the folder, `configuration` for a newer ledger.
 */
export async function restore(backup: string, to: string): Promise<RestoreResult> {
  const source = resolve(backup)
  const manifest = readManifest(source)
  if (manifest.ledgerVersion > migrations.length) {
    const message = `${source} was written by a newer Scriptorium (${manifest.scriptorium}); restore it with that version`
    throw new ScriptoriumError('configuration', message)
  }
  const folder = ledgerFolderOf(to, manifest.kind)
  requireWritable('FOLDER', folder, 'output_unwritable')
  const release = holdFolder(folder)
  try {
    finishRestore(folder) // One that was cut off: what it brought is what this one puts aside.
    await stage(source, manifest, folder)
    return { folder, manifest, aside: finishRestore(folder) }
  } finally {
    release()
  }
}

/** Throws `output_held` where `ingest`, `npm start` or the aggregator has the folder, or an API reads its ledger. */
function holdFolder(folder: string): () => void {
  const refuse = (who: string): never => {
    throw new ScriptoriumError('output_held', `${folder} is in use by ${who}; stop it first`)
  }
  const locks = takeLocks(folder)
  if ('holder' in locks) return refuse(nameHolder(locks.holder))
  if (!isLedgerOpen(folder)) return locks.release
  locks.release()
  return refuse('another process that reads its ledger, such as the API')
}

async function stage(source: string, manifest: Manifest, folder: string): Promise<void> {
  const draft = `${restoredFolder(folder)}.partial`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft)
  try {
    for (const { path } of manifest.files) {
      if (existsSync(join(source, path))) copyDurably(join(source, path), join(draft, path))
    }
    // The copies, not the originals: what a bad disk made of them would be found too late.
    await verifyFiles(draft, manifest)
  } catch (thrown) {
    rmSync(draft, { recursive: true, force: true })
    throw thrown
  }
  const at = new Date().toISOString().replaceAll(/[:.]/g, '-')
  writeFileSync(asideFile(draft), `before-restore-${at}`, { flush: true })
  sync(draft)
  renameSync(draft, restoredFolder(folder))
  sync(folder)
}

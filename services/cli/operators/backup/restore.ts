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

interface RestoreResult {
  folder: string
  manifest: Manifest
  /** Folder of the replaced content; undefined if there was none. */
  aside: string | undefined
}

/**
 * Restores a backup into a folder of the same kind, the original or another. Everything is copied and compared first;
 * then a few renames put it in place, which the next process completes after a crash; replaced content is kept. Throws
 * `backup_damaged`, `output_held` if a process uses the folder, `configuration` for a newer ledger.
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
    finishRestore(folder) // After an interrupted restore, its content is the content that this one replaces.
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
    // Checks the copies, not the originals: corruption by a bad disk would be found too late.
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

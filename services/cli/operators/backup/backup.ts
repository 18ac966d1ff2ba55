import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import { nameSpool } from '../../../../shared/files/spool.ts'
import { version } from '../../../../shared/process/version.ts'
import { hashOf } from '../../../outputs/files/hash-of.ts'
import { copyLedger } from '../../../ledger/copies/copy.ts'
import { ledgerFile } from '../../../ledger/ledger.ts'
import { findLedgerFolder } from '../ledger-folder.ts'
import { sync, takeSpool } from './files.ts'
import { manifestFile, type Manifest, type ManifestFile } from './manifest.ts'

interface BackupResult {
  target: string
  manifest: Manifest
  /** Uploads that were damaged on the disk before: skipped. */
  damaged: string[]
}

/**
 * Backs up a ledger with its spool, also while everything runs: a snapshot of the ledger, and the files of every upload
 * in the ledger or in a ticket. The backup appears under its name when it is complete, or not at all. Throws
 * `bad_arguments` if the name exists, `input_unreadable` without a ledger, `ledger_damaged`.
 */
export async function backUp(given: string, to: string): Promise<BackupResult> {
  const { folder, kind } = findLedgerFolder(given)
  const target = resolve(to)
  if (existsSync(target) && readdirSync(target).length > 0) {
    const message = `${target} exists already; choose a new folder, such as ${target}-2`
    throw new ScriptoriumError('bad_arguments', message)
  }
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.partial`)
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft, { recursive: true, mode: 0o700 })
  try {
    const [spool, copied] = [nameSpool(folder), nameSpool(draft)]
    const hasSpool = existsSync(spool.inputs)
    // Before and after: each file that the snapshot needs existed at one of the two moments.
    if (hasSpool) takeSpool(spool, copied)
    const ledgerVersion = await copyLedger(folder, ledgerFile(draft))
    if (hasSpool) takeSpool(spool, copied)
    const damaged = await dropDamaged(copied.inputs)
    const manifest: Manifest = {
      v: 1,
      kind,
      source: resolve(given),
      createdAt: new Date().toISOString(),
      scriptorium: version,
      ledgerVersion,
      files: await describe(draft, copied.inputs),
    }
    sync(ledgerFile(draft))
    writeFileSync(manifestFile(draft), `${JSON.stringify(manifest, null, 1)}\n`, { flush: true })
    sync(draft)
    if (existsSync(target)) rmSync(target, { recursive: true }) // It is empty.
    renameSync(draft, target)
    sync(dirname(target))
    return { target, manifest, damaged }
  } catch (thrown) {
    rmSync(draft, { recursive: true, force: true })
    throw thrown
  }
}

/** An upload's name is its hash. One with another hash would make the whole backup suspect. */
async function dropDamaged(inputs: string): Promise<string[]> {
  if (!existsSync(inputs)) return []
  const damaged: string[] = []
  for (const name of readdirSync(inputs)) {
    if ((await hashOf(join(inputs, name))) === name) continue
    damaged.push(name)
    rmSync(join(inputs, name))
  }
  return damaged
}

async function describe(folder: string, inputs: string): Promise<ManifestFile[]> {
  const files: ManifestFile[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const sha256 = entry.parentPath === inputs ? entry.name : ((await hashOf(file)) ?? '')
    files.push({ path: relative(folder, file), bytes: statSync(file).size, sha256 })
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

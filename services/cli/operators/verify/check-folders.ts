import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { formats } from '../../../../shared/contract/result/formats.ts'
import { toError } from '../../../../shared/process/errors.ts'
import { acceptanceSchema } from '../../../../shared/contract/messages/command.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { upgradeAcceptance } from '../../../../shared/contract/schema/upgrades.ts'
import { nameSpool } from '../../../../shared/files/spool.ts'
import { hashOf } from '../../../outputs/files/hash-of.ts'
import { combinedId } from '../../../ledger/claims.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import { combinedFormats, combinedName } from '../../../outputs/plain/combined.ts'
import { outputName, stateFolder } from '../../../outputs/files/output-files.ts'
import type { Finding } from './finding.ts'

/** A draft of an upload older than this is abandoned, milliseconds: the same limit as the sweeper's. */
const oldDraftMs = 3_600_000

const parseTicket = createParser('a ticket', acceptanceSchema, upgradeAcceptance)

/** Drafts of a killed process in an output folder. `isQuiet`: no process writes there now. */
export function checkDrafts(out: string, isQuiet: boolean): Finding[] {
  if (!isQuiet) return []
  return draftsIn(
    join(stateFolder(out), 'tmp'),
    'the next ingest deletes it, and so does verify --repair',
  )
}

function draftsIn(folder: string, cure: string, minAgeMs = 0): Finding[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name): Finding[] => {
    const path = join(folder, name)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined || Date.now() - stat.mtimeMs < minAgeMs) return []
    return [
      {
        kind: 'draft_left',
        path,
        found: 'is an incomplete temporary file',
        cure,
        repair: 'remove',
      },
    ]
  })
}

/** The files of the last run's `--combined`: each must exist, and contain every document in its present state. */
export async function checkCombined(ledger: Ledger, out: string): Promise<Finding[]> {
  const run = ledger.runs.latest(out)
  if (run === undefined || !run.request.combined || run.state !== 'finished') return []
  const claimed = ledger.claims.of(out, combinedName, combinedId)
  const wanted = combinedFormats(run.request.formats).filter((format) => claimed.includes(format))
  const cure = 'verify --repair rewrites it from the ledger'
  const missing = wanted.flatMap((format): Finding[] => {
    const path = join(out, `${combinedName}.${format}`)
    if (existsSync(path)) return []
    return [
      {
        kind: 'combined_missing',
        path,
        found: 'is missing',
        cure,
        repair: 'combine',
        combinedOf: out,
      },
    ]
  })
  if (missing.length > 0 || !wanted.includes('ndjson')) return missing
  const path = join(out, `${combinedName}.ndjson`)
  const lines = await idsIn(path)
  const known = [...ledger.documents.finished(out)].map(({ id }) => id)
  if (lines.length === known.length && lines.every((id, index) => id === known[index])) return []
  const found = `holds ${lines.length} documents, but the ledger has ${known.length}`
  return [{ kind: 'combined_stale', path, found, cure, repair: 'combine', combinedOf: out }]
}

/** The ids at the start of its lines; a line without a document counts, and matches nothing. */
async function idsIn(file: string): Promise<string[]> {
  const ids: string[] = []
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })
  for await (const line of lines) ids.push(/^\{"id":"(\w+)".*\}$/.exec(line)?.[1] ?? '')
  return ids
}

/** Every file that a run of this folder may have written. */
export function namesOf(ledger: Ledger, out: string, id: string, names: Set<string>): void {
  const row = ledger.documents.get(id)
  if (row === undefined) return
  const claimed = ledger.claims.of(out, row.path, id)
  for (const format of formats.filter((name) => claimed.includes(name))) {
    names.add(join(out, outputName(row.path, format)))
  }
}

/** Files in an output folder that no document of the ledger has claimed. */
export function checkForeign(
  out: string,
  names: ReadonlySet<string>,
  claimed: readonly string[],
): Finding[] {
  if (!existsSync(out)) return []
  const combined = new Set(claimed.map((format) => join(out, `${combinedName}.${format}`)))
  const found: Finding[] = []
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isDirectory() || relative(out, path).split('/').includes('.scriptorium')) continue
    // A later page of a PAGE document.
    const plain = path.replace(/\.page-[0-9]+\.xml$/, '.page.xml')
    if (names.has(path) || names.has(plain) || combined.has(path)) continue
    const cure = 'none needed; only --on-exists replace overwrites it'
    found.push({
      kind: 'foreign',
      path,
      found: 'does not belong to this ledger',
      cure,
      repair: null,
    })
  }
  return found
}

/** The spool of a data folder: hashes of uploads, tickets, drafts. */
export async function checkSpool(folder: string): Promise<Finding[]> {
  const spool = nameSpool(folder)
  const found = draftsIn(
    spool.tmp,
    'the service deletes it, and so does verify --repair',
    oldDraftMs,
  )
  for (const name of existsSync(spool.inputs) ? readdirSync(spool.inputs) : []) {
    const path = join(spool.inputs, name)
    const hash = await hashOf(path)
    if (hash === name || hash === undefined) continue
    const cure = 'upload the file again, or restore a backup'
    found.push({
      kind: 'input_damaged',
      path,
      found: 'differs from the upload: its SHA-256 has changed',
      cure,
      repair: null,
    })
  }
  for (const name of existsSync(spool.tickets) ? readdirSync(spool.tickets) : []) {
    const path = join(spool.tickets, name)
    try {
      parseTicket(JSON.parse(readFileSync(path, 'utf8')))
    } catch (thrown) {
      if (!existsSync(path)) continue // It has been taken up.
      const cure = 'upload the files that it names again'
      const why = toError(thrown).message
      found.push({ kind: 'ticket_damaged', path, found: why, cure, repair: null })
    }
  }
  return found
}

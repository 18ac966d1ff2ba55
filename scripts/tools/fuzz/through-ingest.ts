import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { formats } from '../../../shared/contract/result/formats.ts'
import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import { writeOld } from '../chaos/corpus/corpus.ts'
import { createLedgerLook } from '../chaos/world/ledger.ts'
import type { ChaosSetting } from '../chaos/world/setting.ts'
import type { HostileFile } from './files/hostile-file.ts'
import { faultOfCode, type FuzzFinding } from './findings.ts'
import type { Fleet } from './fleet.ts'

/** Different from an upload's, so that uploaded files are read again. */
const psm = '6'
/** Exit codes of a finished run: all read, some failed, all failed. */
const ends = new Set([0, 2, 4])

interface Ended {
  findings: FuzzFinding[]
  /** Number of files by outcome or code. */
  outcomes: Map<string, number>
}

/** Reads a batch of files with one `ingest` that writes every format and the combined files. */
export async function throughIngest(
  setting: ChaosSetting,
  fleet: Fleet,
  name: string,
  files: readonly HostileFile[],
): Promise<Ended> {
  const input = join(fleet.folders.input, name)
  const out = join(fleet.folders.out, name)
  mkdirSync(input)
  const byPath = new Map(
    files.map((file, index) => [`${String(index).padStart(4, '0')}-${file.name}`, file]),
  )
  for (const [path, { bytes }] of byPath) writeOld(join(input, path), bytes)
  const { code, said } = await ingest(setting, fleet, input, out)
  const findings: FuzzFinding[] = []
  if (!ends.has(code ?? -1)) {
    findings.push({ kind: 'answer', about: `ingest ended with ${code}: ${said.slice(-400)}` })
  }
  const outcomes = new Map<string, number>()
  const rows = createLedgerLook(fleet.folders.data).of(out)
  for (const row of rows) {
    const bytes = byPath.get(row.path)?.bytes
    const about = `${row.path} (${byPath.get(row.path)?.kind}): ${row.outcome} ${row.error}`
    const blame = { about, ...(bytes && { bytes }) }
    if (row.state !== 'final') findings.push({ kind: 'hang', ...blame })
    const [errorCode = ''] = row.error.split(' ')
    const fault = errorCode === '' ? undefined : faultOfCode(errorCode)
    if (fault !== undefined) findings.push({ kind: 'code', ...blame })
    if (byPath.get(row.path)?.kind === 'sound' && hasFailed(row.outcome))
      findings.push({ kind: 'good page', ...blame })
    const key = errorCode === '' ? row.outcome : errorCode
    outcomes.set(key, (outcomes.get(key) ?? 0) + 1)
  }
  if (rows.length !== files.length) {
    findings.push({ kind: 'hang', about: `${rows.length} of ${files.length} files have a record` })
  }
  for (const folder of [input, out]) rmSync(folder, { recursive: true, force: true })
  return { findings, outcomes }
}

async function ingest(
  { node, repository }: ChaosSetting,
  { environment }: Fleet,
  input: string,
  out: string,
): Promise<{ code: number | null; said: string }> {
  const child = spawn(
    node,
    [
      'scripts/scriptorium.js',
      'ingest',
      input,
      '--out',
      out,
      '--formats',
      formats.join(','),
      '--combined',
      '--psm',
      psm,
      '--max-failures',
      '0',
    ],
    { cwd: repository, env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-4_000)))
  await once(child, 'exit')
  return { code: child.exitCode, said }
}

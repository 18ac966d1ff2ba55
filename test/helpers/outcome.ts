import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { documentSchema, type ScriptoriumDocument } from '../../shared/contract/result/document.ts'
import { readOutcomes, type Outcome } from '../../shared/contract/result/outcomes.ts'
import { createParser } from '../../shared/contract/messages/parser.ts'
import { runReportSchema, type RunReport } from '../../shared/contract/report.ts'
import type { Document } from '../../services/ledger/document.ts'
import { openLedger } from '../../services/ledger/ledger.ts'
import { stateFolder } from '../../services/outputs/files/output-files.ts'

const parseDocument = createParser('an output document', documentSchema)
const parseReport = createParser('a report', runReportSchema)

/** Every final record of an output folder, by path. `data` is the ledger's folder if it is elsewhere. */
export function finalRecords(out: string, data = stateFolder(out)): Document[] {
  const ledger = openLedger(data, { readOnly: true })
  try {
    return [...ledger.documents.finished(out)]
  } finally {
    ledger.close()
  }
}

/** The outcome of each path, from the ledger; throws where a path has two records. */
export function outcomesOf(out: string, data?: string): Record<string, Outcome> {
  const rows = finalRecords(out, data)
  assert.equal(new Set(rows.map(({ path }) => path)).size, rows.length, 'one record a path')
  return Object.fromEntries(rows.map(({ path, outcome }) => [path, outcome ?? 'failed']))
}

/** The files in an output folder that are not Scriptorium's own, sorted. */
export function outputFiles(out: string): string[] {
  const entries = existsSync(out) ? readdirSync(out, { recursive: true, withFileTypes: true }) : []
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('.scriptorium/'))
    .toSorted()
}

export const readText = (out: string, path: string): string =>
  readFileSync(join(out, `${path}.txt`), 'utf8')

/** A document's `.json`, checked against the contract. */
export const readDocument = (out: string, path: string): ScriptoriumDocument =>
  parseDocument(JSON.parse(readFileSync(join(out, `${path}.json`), 'utf8')))

export const readReport = (file: string): RunReport =>
  parseReport(JSON.parse(readFileSync(file, 'utf8')))

/**
 * Asserts that an output folder holds exactly this: for every path of `texts` one final record and its right
 * output, for every path of `failures` one final record with that outcome and no output, and nothing else.
 */
export function assertComplete(
  out: string,
  texts: ReadonlyMap<string, string>,
  failures: Readonly<Record<string, string>> = {},
  data?: string,
): void {
  const outcomes = outcomesOf(out, data)
  const wanted = [...texts.keys(), ...Object.keys(failures)]
  assert.deepEqual(Object.keys(outcomes).toSorted(), wanted.toSorted(), 'one final record a file')
  const failed = Object.entries(outcomes).filter(([, outcome]) => !readOutcomes.has(outcome))
  assert.deepEqual(Object.fromEntries(failed), failures)
  const names = [...texts.keys()].flatMap((path) => [`${path}.txt`, `${path}.json`])
  assert.deepEqual(outputFiles(out), names.toSorted(), 'one output of each format a file')
  for (const [path, text] of texts) {
    assert.equal(readText(out, path), `${text}\n`, path)
    const document = readDocument(out, path)
    assert.equal(document.path, path)
    assert.equal(document.outcome, outcomes[path])
    assert.equal(document.pages.map((page) => page.text).join('\f'), text)
  }
  assertNoDrafts(out)
}

/** Asserts that no half-written file was left. */
export function assertNoDrafts(out: string): void {
  assert.deepEqual(readdirSync(join(stateFolder(out), 'tmp')), [])
}

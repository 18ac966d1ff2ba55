import type { Folder } from '../corpus/folder.ts'
import type { UploadClients } from '../clients/uploads.ts'
import { ask, describeAnswer } from '../clients/http.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'
import { isFailed, type Row } from '../world/ledger.ts'
import { differs } from '../corpus/outputs.ts'

/** One final record for each file of a folder, and for nothing else. */
export function checkRecords({ name, expected }: Folder, rows: readonly Row[]): ChaosFinding[] {
  const byPath = Map.groupBy(rows, ({ path }) => path)
  const missing = [...expected].flatMap(([path, { mayFail }]) =>
    byPath.has(path) || mayFail ? [] : [finding('lost', `${name}/${path} has no record`)],
  )
  const wrong = [...byPath].flatMap(([path, records]) => {
    const about = `${name}/${path}`
    const wanted = expected.get(path)
    if (wanted === undefined) return [finding('orphans', `${about} has a record unasked`)]
    const [row] = records
    if (row === undefined) return []
    if (records.length > 1) return [finding('doubled', `${about} has ${records.length} records`)]
    return checkRow(about, row, wanted.mayFail)
  })
  return [...missing, ...wrong]
}

function checkRow(about: string, row: Row, mayFail: boolean): ChaosFinding[] {
  const { state, outcome, error } = row
  if (state !== 'final') {
    // From an interrupted run; the next one did not find the file any more.
    return mayFail ? [] : [finding('hanging', `${about} is ${state}`)]
  }
  if (outcome === '') return [finding('lost', `${about} is final without an outcome`)]
  if (!isFailed(row) || mayFail) return []
  return [finding('failed', `${about} ended ${outcome}: ${error}`)]
}

const lanes = 4

/** One final record and the correct text for each acknowledged upload. */
export async function checkUploads(
  { acknowledged }: UploadClients,
  rows: readonly Row[],
  address: string,
): Promise<ChaosFinding[]> {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const findings = [...Map.groupBy(rows, ({ sha256 }) => sha256).values()]
    .filter((same) => same.length > 1)
    .map((same) => finding('doubled', `upload ${same[0]?.path} has ${same.length} records`))
  const left = [...acknowledged]
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const about = `upload ${next.id} (${next.name})`
      const row = byId.get(next.id)
      if (row === undefined) {
        findings.push(finding('lost', `${about} was acknowledged and has no record`))
        continue
      }
      findings.push(...checkRow(about, row, false))
      const answer = await ask(`${address}/v1/documents/${next.id}/result?format=txt`)
      if (answer.status !== 200)
        findings.push(finding('lost', `${about} has no text: ${describeAnswer(answer)}`))
      else if (answer.text !== next.text) findings.push(differs(about, answer.text, next.text))
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return findings
}

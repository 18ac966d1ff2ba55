import { formats } from '../../../shared/contract/result/formats.ts'
import { ask, type HttpAnswer } from '../chaos/clients/http.ts'
import type { HostileFile } from './files/hostile-file.ts'
import { faultOfCode, type FuzzFinding } from './findings.ts'

const waitSeconds = 60
const maxWaits = 4

/** The result of one file. */
interface Fared {
  findings: FuzzFinding[]
  isRefused: boolean
}

/** Uploads a file, waits for its end and asks for its result in every format. */
export async function throughHttp(address: string, file: HostileFile): Promise<Fared> {
  const findings: FuzzFinding[] = []
  const blame = (kind: FuzzFinding['kind'], about: string): void =>
    void findings.push({ kind, about: `${file.name} (${file.kind}): ${about}`, bytes: file.bytes })
  const url = `${address}/v1/documents?wait=${waitSeconds}&name=${encodeURIComponent(file.name)}`
  const headers = { 'content-type': 'application/octet-stream' }
  const body = new Uint8Array(file.bytes)
  let answer = await ask(url, { method: 'POST', body, headers })
  if (answer.status >= 300 || answer.status === 0) {
    const fault = faultOfAnswer(answer)
    if (fault !== undefined) blame('answer', `upload: ${fault}`)
    return { findings, isRefused: true }
  }
  const { id } = answer.body
  if (typeof id !== 'string') throw new Error(`an upload without an id: ${answer.text}`)
  for (let wait = 0; answer.body['status'] !== 'finished'; wait += 1) {
    if (wait === maxWaits) {
      blame('hang', `is '${String(answer.body['status'])}' after ${wait * waitSeconds} s`)
      return { findings, isRefused: false }
    }
    answer = await ask(`${address}/v1/documents/${id}?wait=${waitSeconds}`)
  }
  const code = codeOf(answer.body['error'])
  const fault = code === undefined ? undefined : faultOfCode(code)
  if (fault !== undefined) blame('code', fault)
  for (const format of formats) {
    const wrong = faultOfAnswer(await ask(`${address}/v1/documents/${id}/result?format=${format}`))
    if (wrong !== undefined) blame('answer', `${format}: ${wrong}`)
  }
  return { findings, isRefused: code !== undefined }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** A rejection has a code that describes the file; anything else is a fault. */
function faultOfAnswer({ status, text, body }: HttpAnswer): string | undefined {
  if (status >= 200 && status < 300) return undefined
  const { code } = body
  const fault = typeof code === 'string' ? faultOfCode(code) : 'no code'
  if (status > 0 && status < 500 && fault === undefined) return undefined
  return `${status} ${text.slice(0, 300)}${fault === undefined ? '' : ` (${fault})`}`
}

import { hash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { nameSpool } from '../../../../shared/files/spool.ts'
import { uniqueBytes, type Sample } from '../corpus/corpus.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'
import type { History } from '../history/history.ts'
import type { Random } from '../../common/random.ts'
import { ask, describeAnswer, isUnexpected, type HttpAnswer } from './http.ts'

/** An acknowledged document. */
interface Acknowledged {
  id: string
  name: string
  sha256: string
  text: string
}

interface Deps {
  address: string
  samples: readonly Sample[]
  random: Random
  history: History
  /** An older version answers in its own way. */
  isOld: boolean
  /** The round is over: unacknowledged uploads are abandoned. */
  over: AbortSignal
}

const lanes = 3
const pauseMs = 100
const retryMs = 400
const waitSeconds = 20

/** Clients that upload one document after the other and repeat unacknowledged ones. */
export function startUploads({ address, samples, random, history, isOld, over }: Deps) {
  const acknowledged: Acknowledged[] = []
  const findings: ChaosFinding[] = []
  const unanswered = new Set<string>()
  const stopping = new AbortController()
  let withoutAnswer = 0
  let open = 0

  const upload = async (draw: Random): Promise<void> => {
    const sample = samples[draw.integer(0, samples.length - 1)]
    if (sample === undefined) return
    const bytes = uniqueBytes(sample, String(draw.next()))
    const sha256 = hash('sha256', bytes)
    const request = drawRequest(draw, address, sample.name, bytes)
    open += 1
    while (!over.aborted) {
      const answer = await ask(...request)
      const id = idIn(answer)
      const isTaken = id !== undefined && answer.status < 300
      const about = { file: sample.name, sha256, id, answer: describeAnswer(answer) }
      const ended = isTaken ? 'ok' : answer.status === 0 ? 'info' : 'fail'
      history.operation('upload', sample.name, ended, about)
      if (answer.status === 0) {
        withoutAnswer += 1
        unanswered.add(sha256)
      }
      if (isUnexpected(answer) && !isOld)
        findings.push(finding('answers', `upload: ${describeAnswer(answer)}`))
      if (isTaken) {
        acknowledged.push({ id, name: sample.name, sha256, text: sample.text })
        open -= 1
        return
      }
      await delay(retryMs)
    }
  }
  const lane = async (draw: Random): Promise<void> => {
    while (!stopping.signal.aborted && !over.aborted) {
      await upload(draw)
      await delay(2 * pauseMs * draw.next())
    }
  }
  const done = Promise.all(
    Array.from({ length: lanes }, (_, index) => lane(random.fork(`upload/${index}`))),
  )
  return {
    acknowledged,
    findings,
    /** Hashes of uploads that were sent at least once without an answer: they may have arrived or not. */
    unanswered,
    /** Number of requests without an answer. */
    withoutAnswer: () => withoutAnswer,
    open: () => open,
    /** Uploads no new document; resolves when the last one is acknowledged. */
    async stop(): Promise<void> {
      stopping.abort()
      await done
    },
  }
}

export type UploadClients = ReturnType<typeof startUploads>

/** Files of unfinished uploads; those of an API that died are swept after an hour. */
export function countDrafts(dataFolder: string): number {
  const { tmp } = nameSpool(dataFolder)
  return existsSync(tmp) ? readdirSync(tmp).length : 0
}

/** A random way to upload a document, repeated until it is answered. */
function drawRequest(
  draw: Random,
  address: string,
  name: string,
  bytes: Buffer,
): [url: string, init: RequestInit] {
  const wait = draw.chance(0.2) ? waitSeconds : 0
  const headers: Record<string, string> = draw.chance(0.5)
    ? { 'idempotency-key': `chaos-${hash('sha256', bytes).slice(0, 20)}` }
    : {}
  const body = new Uint8Array(bytes)
  if (draw.chance(0.3)) {
    const url = `${address}/v1/documents?wait=${wait}&name=${encodeURIComponent(name)}`
    const type = { 'content-type': 'application/octet-stream' }
    return [url, { method: 'POST', body, headers: { ...headers, ...type } }]
  }
  const form = new FormData()
  form.append('files', new File([body], name))
  return [`${address}/v1/documents?wait=${wait}`, { method: 'POST', body: form, headers }]
}

function idIn({ body }: HttpAnswer): string | undefined {
  return typeof body['id'] === 'string' ? body['id'] : undefined
}

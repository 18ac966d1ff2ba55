import { parentPort, workerData } from 'node:worker_threads'
import {
  isErrorCode,
  ScriptoriumError,
  toError,
  type ErrorCode,
} from '../../../shared/process/errors.ts'
import { createLedgerView } from '../state/ledger-view.ts'
import { search, type Search } from './work.ts'

/** The thread's answer: JSON text, or an error. */
export type SearchAnswer = { text: string } | { code: ErrorCode; message: string }

const folder = String(workerData)
const ledger = createLedgerView(folder)

function answer(wanted: Search): SearchAnswer {
  try {
    return { text: JSON.stringify(search(ledger.get(), wanted)) }
  } catch (thrown) {
    const { message } = toError(thrown)
    const code = thrown instanceof ScriptoriumError ? thrown.code : 'internal'
    return { code: isErrorCode(code) ? code : 'internal', message }
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
parentPort?.on('message', (wanted: Search) => parentPort?.postMessage(answer(wanted)))

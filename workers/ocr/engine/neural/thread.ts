import { parentPort, workerData } from 'node:worker_threads'
import type { NeuralFiles } from '../../../../shared/engine/neural-models.ts'
import { toError } from '../../../../shared/process/errors.ts'
import type { PreparedPage, Recognition } from '../engine.ts'
import { readAlphabet } from './alphabet.ts'
import { loadModel } from './onnx.ts'
import { readLines } from './read-page.ts'

/** Messages of the thread: it has loaded its models; its answer to a page. */
export type NeuralAnswer =
  | { kind: 'ready' }
  | { kind: 'read'; recognition: Recognition }
  | { kind: 'failed'; message: string }

const port = parentPort
if (port === null) throw new Error('thread.ts runs as a thread of neural.ts only')
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
const tell = (answer: NeuralAnswer): void => port.postMessage(answer)
const files: NeuralFiles = workerData
const models = {
  detector: await loadModel(files.detector),
  recogniser: { model: await loadModel(files.recogniser), alphabet: readAlphabet(files) },
}
port.on('message', (page: Pick<PreparedPage, 'pgm' | 'width' | 'height' | 'wishes'>) => {
  readLines(models, page).then(
    (recognition) => tell({ kind: 'read', recognition }),
    (thrown: unknown) => tell({ kind: 'failed', message: toError(thrown).message }),
  )
})
tell({ kind: 'ready' })

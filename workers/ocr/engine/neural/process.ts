/** The process of the neural engine: the runtime's native code can be killed at any point of a page. */
import type { NeuralFiles } from '../../../../shared/engine/neural-models.ts'
import { serveCalls } from '../../../../shared/confined/serve.ts'
import type { PreparedPage, Recognition } from '../engine.ts'
import { readAlphabet } from './alphabet.ts'
import { loadModel } from './model/onnx.ts'
import { readLines, type NeuralModels } from './read-page.ts'

/** The calls that the engine's process answers; `load` comes first. */
export interface NeuralCalls {
  load: { argument: NeuralFiles; answer: null }
  read: { argument: Pick<PreparedPage, 'pgm' | 'width' | 'height' | 'wishes'>; answer: Recognition }
}

let models: NeuralModels | undefined

serveCalls<NeuralCalls>({
  async load(files) {
    models = {
      detector: await loadModel(files.detector),
      recogniser: { model: await loadModel(files.recogniser), alphabet: readAlphabet(files) },
    }
    return null
  },
  async read(page) {
    if (models === undefined) throw new Error('no model is loaded')
    return readLines(models, page)
  },
})

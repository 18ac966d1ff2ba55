import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { fuseHardSwish } from './hard-swish.ts'

/** The output of a model: row-major values, and their shape. */
export interface ModelOutput {
  data: Float32Array
  dims: readonly number[]
}

/** A loaded model of one input and one output. */
export type Model = (values: Float32Array, dims: readonly number[]) => Promise<ModelOutput>

/**
 * One thread, as every core has a worker of its own. Without its arena the runtime frees the memory of each shape;
 * with it, the memory of a worker grew to 2.5 GB. Denormal numbers in the weights of `en_PP-OCRv4_rec` make one of its
 * convolutions thirty times as slow as the others, so they count as zero.
 */
const options: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  enableCpuMemArena: false,
  enableMemPattern: false,
  // Only errors: it warns of each constant that no node needs any more.
  logSeverityLevel: 3,
  extra: { session: { set_denormal_as_zero: '1' } },
}

/** Loads an ONNX file. Rejects with the runtime's error, or where it is no ONNX file. */
export async function loadModel(file: string): Promise<Model> {
  const session = await InferenceSession.create(fuseHardSwish(await readFile(file)), options)
  const [input = ''] = session.inputNames
  const [output = ''] = session.outputNames
  return async (values, dims) => {
    const made = (await session.run({ [input]: new Tensor('float32', values, dims) }))[output]
    if (made === undefined || !(made.data instanceof Float32Array))
      throw new Error(`${file} gives no float32 values: it is no PP-OCR model`)
    return { data: made.data, dims: made.dims }
  }
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { findNeuralFiles } from '../../../../../../shared/engine/neural-models.ts'
import { openGraph } from '../../../../../../workers/ocr/engine/neural/model/graph.ts'
import { fuseHardSwish } from '../../../../../../workers/ocr/engine/neural/model/hard-swish.ts'
import {
  readFields,
  writeFields,
} from '../../../../../../workers/ocr/engine/neural/model/protobuf.ts'

const { detector, recogniser } = findNeuralFiles(['eng'], undefined)

/** The network's output for a wave of this height, 96 wide. */
async function outputOf(model: Uint8Array, height: number): Promise<Float32Array> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  })
  const [input = ''] = session.inputNames
  const [output = ''] = session.outputNames
  const values = Float32Array.from({ length: 3 * height * 96 }, (_, at) => Math.sin(at / 7))
  const made = (await session.run({ [input]: new Tensor('float32', values, [1, 3, height, 96]) }))[
    output
  ]
  assert.ok(made?.data instanceof Float32Array)
  return made.data
}

for (const [name, file, height] of [
  ['detector', detector, 64],
  ['recogniser', recogniser, 48],
] as const) {
  test(`the ${name} gives the same results with half of its nodes`, async () => {
    const plain = readFileSync(file)
    const fused = fuseHardSwish(plain)
    const countOf = (model: Uint8Array): number =>
      openGraph(model).nodes.filter(({ op }) => op !== 'Constant').length
    assert.ok(countOf(fused) < 0.66 * countOf(plain), `${countOf(fused)} of ${countOf(plain)}`)
    const [before, after] = [await outputOf(plain, height), await outputOf(fused, height)]
    const furthest = before.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (after[at] ?? Infinity))),
      0,
    )
    assert.ok(before.length > 0 && furthest < 1e-4, `differs by ${furthest}`)
  })
}

test('a fused network has nothing left to fuse', () => {
  const fused = fuseHardSwish(readFileSync(detector))
  assert.ok(Buffer.from(fuseHardSwish(fused)).equals(fused))
})

test('fields are written as they were read; a file cut short is refused', () => {
  const file = readFileSync(detector)
  assert.ok(Buffer.from(writeFields(readFields(file))).equals(file))
  assert.throws(() => readFields(file.subarray(0, 5_000)), /no complete protobuf message/)
})

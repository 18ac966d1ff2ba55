import { readFileSync } from 'node:fs'
import type { NeuralFiles } from '../../../../shared/engine/neural-models.ts'

/** A name and a value of the metadata of an ONNX file (`StringStringEntryProto`), as its bytes begin. */
const property = Buffer.from('\n\tcharacter\x12')

/**
 * Returns the characters of a recogniser's classes, from class 1 on; class 0 is the pause. The last one is the space,
 * which dictionaries leave out.
 */
export function readAlphabet({ recogniser, dictionary }: NeuralFiles): string[] {
  const list =
    dictionary === undefined
      ? (findInModel(readFileSync(recogniser)) ?? printable)
      : readFileSync(dictionary, 'utf8')
  return [...list.replace(/\r?\n$/, '').split(/\r?\n/), ' ']
}

/** Printable ASCII in the order of PaddleOCR's `en_dict.txt`. */
const printable = [...between('0', '~'), ...between('!', '/'), ' '].join('\n')

function between(first: string, last: string): string[] {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)]
  return Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at))
}

/** RapidOCR's converter stores the dictionary in the model. */
function findInModel(model: Buffer): string | undefined {
  const found = model.lastIndexOf(property)
  if (found === -1) return undefined
  let at = found + property.length
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = model[at++] ?? 0
    length += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  return model.toString('utf8', at, at + length)
}

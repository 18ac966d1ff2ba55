import { Type, type Static } from '@sinclair/typebox'
import { boundedList, idText, pathText } from './schema/bounded.ts'
import { described, sha256Text } from './schema/described.ts'

const closed = { additionalProperties: false }

/** Identifies the engine that read a page: every property goes into the recipe's fingerprint. */
export const engineSchema = Type.Object(
  {
    name: described(pathText, 'Engine name.', 'tesseract.js'),
    version: described(idText, 'Engine version.', '7.0.0'),
    /** Relaxed SIMD may round differently from host to host. */
    core: described(
      idText,
      'Build variant of the engine, such as the WebAssembly feature set.',
      'simd-lstm',
    ),
    traineddata: described(
      boundedList(
        Type.Object(
          { language: described(idText, 'Language model.', 'eng'), sha256: sha256Text },
          { ...closed, title: 'LanguageModel', description: 'Language model and its hash.' },
        ),
        100,
      ),
      'Language models, the leading one first.',
    ),
  },
  { ...closed, title: 'Engine', description: 'Identity of the engine that read a page.' },
)
export type EngineIdentity = Static<typeof engineSchema>

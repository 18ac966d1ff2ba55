/** Why a run is paused: in its report, the API's views and the final message of `ingest`. */
import { Type, type Static } from '@sinclair/typebox'
import { scrub } from '../process/host-paths.ts'
import { oneOf } from '../process/one-of.ts'
import { idText, messageText, pathText } from './schema/bounded.ts'
import { countOf, described } from './schema/described.ts'

const pauseRules = ['in_a_row', 'share', 'canary', 'canary_read', 'no_worker'] as const

export const pauseSchema = Type.Object(
  {
    rule: described(
      oneOf(pauseRules),
      'Rule that paused the run: failures in a row, share of failures, failed canaries, canaries that were read (requested by `pauseAfterCanary`), or no worker.',
    ),
    code: described(
      idText,
      'Most frequent error code; `canary_read` if that is the rule.',
      'engine_failed',
    ),
    failures: countOf('Failed attempts; with `canary`, failed documents.', 50),
    of: countOf('Attempts, or with `canary` documents, in all.', 61),
    example: described(
      Type.Union([
        Type.Object(
          {
            path: described(pathText, 'Path of the document.', '2024/invoice.pdf'),
            page: described(
              Type.Union([Type.Integer(), Type.Null()]),
              'Page number, 1 or more; null if the document failed as a whole.',
              2,
            ),
            message: described(messageText, 'Error message.', 'the engine exited with code 1'),
          },
          { additionalProperties: false, title: 'FailureExample', description: 'One failure.' },
        ),
        Type.Null(),
      ]),
      'One of the failures, or null.',
    ),
    message: described(
      messageText,
      'Summary in one sentence.',
      'paused after 50 failures in a row (engine_failed)',
    ),
    cure: described(
      messageText,
      'Suggested action.',
      'check the language data, then resume the run',
    ),
  },
  { additionalProperties: false, title: 'Pause', description: 'Reason why a run is paused.' },
)
export type Pause = Static<typeof pauseSchema>

/** A pause without details for the host's owner: an engine's message may name folders of the host. */
export const scrubPause = ({ example, ...pause }: Pause): Pause => ({
  ...pause,
  message: scrub(pause.message),
  example: example && { ...example, message: scrub(example.message) },
})

import type { DocumentError } from '../../../../shared/contract/result/error.ts'
import { causes } from './causes.ts'

/** A failure: its cause and cure in words, its code, and the message of this case. */
export function Failure({ error: { code, message } }: { error: DocumentError }) {
  const known = causes[code]
  return (
    <div class="failure">
      <p>
        {known === undefined ? message : <strong>{known.cause}</strong>} {known?.cure}
      </p>
      <p class="muted">
        <code>{code}</code>
        {known !== undefined && `: ${message}`}
      </p>
    </div>
  )
}

import { Failure } from '../../parts/failure/failure.tsx'
import { Bar } from '../../parts/figures.tsx'
import { showBytes } from '../../parts/format.ts'
import { may } from '../../live/session.ts'
import { DocumentBadge } from '../../parts/outcome.tsx'
import type { UploadItem } from './upload-item.ts'

/** One file: on its way, refused, or with its text. */
export function UploadRow(item: UploadItem) {
  const { file, document, isKnown, text, reason = '' } = item
  return (
    <li>
      <div class="head">
        {document === undefined || !may('read') ? (
          <span class="name">{file.name}</span>
        ) : (
          <a class="name" href={`/documents/${encodeURIComponent(document.id)}`}>
            {file.name}
          </a>
        )}
        <span class="muted">{showBytes(file.size)}</span>
        <UploadState {...item} />
      </div>
      {isKnown && <p>The same file was read before: this is its text, nothing is read again.</p>}
      {reason !== '' && <p class="refused">{reason}</p>}
      {document?.error != null && <Failure error={document.error} />}
      {text !== undefined && text !== '' && <p class="preview">{text}</p>}
    </li>
  )
}

function UploadState({ state, sent, document, file }: UploadItem) {
  if (state === 'waiting') return <span class="badge quiet">Waits to be sent</span>
  if (state === 'refused') return <span class="badge bad">Refused</span>
  if (state === 'sending' || document === undefined) {
    return (
      <span class="progress">
        <Bar value={sent} max={1} label={`Sent of ${file.name}`} />
        Sending
      </span>
    )
  }
  if (!may('read')) return <span class="badge good">Accepted</span>
  return <DocumentBadge {...document} />
}

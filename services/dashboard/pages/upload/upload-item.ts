import type { DocumentRow } from '../../live/views.ts'

/** A file on its way to its text. */
export interface UploadItem {
  /** Number of the file in this tab. */
  number: number
  file: File
  state: 'waiting' | 'sending' | 'accepted' | 'refused'
  /** Part of its bytes that was sent, 0 to 1. */
  sent: number
  /** The document that it became. */
  document?: DocumentRow
  /** Whether the service had read the same bytes before. */
  isKnown: boolean
  /** Beginning of its text. */
  text?: string
  /** Reason of a refusal, or of a wait. */
  reason?: string
}

/** Refuses files before they are sent, if the service would refuse them for their size. */
export function checkFile(
  { name, size }: File,
  maxFileBytes: number,
  format: (bytes: number) => string,
) {
  if (size === 0) return `${name} has 0 bytes. Copy it again.`
  if (size <= maxFileBytes) return undefined
  return (
    `The file has ${format(size)}; the service permits ${format(maxFileBytes)}. ` +
    'Split it, or raise SCRIPTORIUM_MAX_FILE_BYTES.'
  )
}

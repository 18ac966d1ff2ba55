import { hash, randomUUID } from 'node:crypto'
import { join } from 'node:path'

/** Letters and digits that begin with a letter: BullMQ forbids `:` in job ids, and treats a number as an index. */
const idOf = (letter: string, ...parts: (string | number)[]): string =>
  letter + hash('sha256', parts.join('\0')).slice(0, 26)

/** Identifies a document of a folder run: a path below a root, written to one output folder. */
export const folderDocumentId = (out: string, root: string, path: string): string =>
  idOf('d', out, root, path)

/** Identifies an upload: its bytes and its recipe; the same upload twice is the same document. */
export const uploadDocumentId = (sha256: string, fingerprint: string): string =>
  idOf('d', 'upload', sha256, fingerprint)

/**
 * The same file with the same recipe is the same job, so adding it twice adds it once; `pass` counts requested
 * readings.
 */
export const jobIdOf = (
  documentId: string,
  stat: string,
  fingerprint: string,
  pass: number,
): string => idOf('j', documentId, stat, fingerprint, pass)

/** Folds paths that a file system may treat as equal, despite their case or the composition of their accents. */
export const foldPath = (path: string): string => path.normalize('NFC').toLowerCase()

/**
 * Identifies a document's output: a path below an output folder, folded. Output folders may be nested: the location of
 * the files counts.
 */
export const outputPlace = (out: string, path: string): string =>
  idOf('o', foldPath(join(out, path)))

export const newRunId = (): string => `r${randomUUID().replaceAll('-', '')}`

/** Identifies a worker process in the queue, in heartbeats and in results. */
export const workerIdOf = (host: string, pid: number): string => `${host}-${pid}`

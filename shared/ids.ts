import { hash, randomUUID } from 'node:crypto'

/** Letters and digits, begun with a letter: BullMQ forbids `:` in job ids, and takes a number for an index. */
const idOf = (letter: string, ...parts: (string | number)[]): string =>
  letter + hash('sha256', parts.join('\0')).slice(0, 26)

/** A document of a folder run is a path below a root, written to one output folder. */
export const folderDocumentId = (out: string, root: string, path: string): string =>
  idOf('d', out, root, path)

/** An upload is its bytes, read with one recipe: the same upload twice is the same document. */
export const uploadDocumentId = (sha256: string, fingerprint: string): string =>
  idOf('d', 'upload', sha256, fingerprint)

/** The same file with the same recipe is the same job, so adding it twice adds it once; `pass` counts readings asked for anew. */
export const jobIdOf = (
  documentId: string,
  stat: string,
  fingerprint: string,
  pass: number,
): string => idOf('j', documentId, stat, fingerprint, pass)

export const newRunId = (): string => `r${randomUUID().replaceAll('-', '')}`

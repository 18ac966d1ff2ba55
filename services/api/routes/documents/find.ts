import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Document } from '../../../ledger/document.ts'
import type { DocumentView } from '../../schemas/document.ts'
import type { Context } from '../context.ts'

/**
 * Returns a function that looks up a document's row. It returns undefined while that is still the row of an ended
 * reading: a new one has just been accepted, and is not recorded yet.
 */
export function latestOf({ ledger }: Context, id: string): () => Document | undefined {
  const find = (): Document | undefined => ledger.get().documents.get(id)
  const before = find()
  return () => {
    const row = find()
    return before?.state === 'final' && row?.pass === before.pass ? undefined : row
  }
}

/** The document, or `unknown_document`. */
export async function requireDocument({ documents }: Context, id: string): Promise<DocumentView> {
  const view = await documents.find(id)
  if (view !== undefined) return view
  throw new ScriptoriumError('unknown_document', `unknown document ${id}`)
}

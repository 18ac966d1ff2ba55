/** A difference from the ledger. */
export interface Finding {
  kind:
    | 'ledger_damaged'
    | 'run_missing'
    | 'pages_of_nobody'
    | 'texts_stale'
    | 'texts_damaged'
    | 'pages_missing'
    | 'page_damaged'
    | 'waits_for_nobody'
    | 'output_missing'
    | 'output_edited'
    | 'output_stale'
    | 'combined_missing'
    | 'combined_stale'
    | 'input_missing'
    | 'input_damaged'
    | 'ticket_damaged'
    | 'draft_left'
    | 'foreign'
  /** The file, or the document if there is no file. */
  path: string
  found: string
  cure: string
  /**
   * The action of `--repair`: writes the document's files again from the ledger, marks the document for another
   * reading, removes the file, writes the combined files again, deletes orphaned records, rebuilds the index; or none.
   */
  repair: 'rewrite' | 'reread' | 'remove' | 'combine' | 'tidy' | 'reindex' | null
  documentId?: string
  /** The output folder whose combined files it is about. */
  combinedOf?: string
}

/** A note, not a fault: an output folder may contain other files. */
export const isNote = ({ kind }: Finding): boolean => kind === 'foreign'

/** Something that is not as the ledger says. */
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
  /** The file, or the document where there is no file. */
  path: string
  found: string
  cure: string
  /**
   * What `--repair` does about it: writes the document's files again from the ledger, has the document read again, removes
   * the file, writes the combined files again, removes records of nobody, makes the index again; or nothing.
   */
  repair: 'rewrite' | 'reread' | 'remove' | 'combine' | 'tidy' | 'reindex' | null
  documentId?: string
  /** The output folder whose combined files it is about. */
  combinedOf?: string
}

/** No fault: a file that is none of ours may lie in an output folder. */
export const isNote = ({ kind }: Finding): boolean => kind === 'foreign'

/** Leftovers of systems and tools: never a page. */
export const junk =
  /^(\.DS_Store|\._.*|Thumbs\.db|ehthumbs\.db|desktop\.ini|Icon\r|~\$.*|@eaDir|#recycle|\$RECYCLE\.BIN|System Volume Information|__MACOSX|\.Trash.*|\.Spotlight-V100|\.fseventsd|lost\+found)$/i

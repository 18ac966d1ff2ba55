export interface Download {
  /** As the API names it. */
  name: string
  label: string
  extension: string
  isOfOnePage: boolean
}

const format = (name: string, label: string, extension: string, isOfOnePage = false): Download => ({
  name,
  label,
  extension,
  isOfOnePage,
})

/** Every format that a document can be downloaded in. */
export const downloads: readonly Download[] = [
  format('txt', 'Text', 'txt'),
  format('pdf', 'Searchable PDF', 'pdf'),
  format('md', 'Markdown', 'md'),
  format('html', 'HTML', 'html'),
  format('csv', 'Tables (CSV)', 'csv'),
  format('chunks', 'Passages (NDJSON)', 'chunks.ndjson'),
  format('json', 'JSON', 'json'),
  format('hocr', 'hOCR', 'hocr'),
  format('alto', 'ALTO', 'alto.xml', true),
  format('page', 'PAGE', 'page.xml', true),
  format('tsv', 'TSV', 'tsv'),
]

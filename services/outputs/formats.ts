import type { Format } from '../../shared/contract/result/formats.ts'
import { writeAlto } from './xml/alto.ts'
import type { OutputFormat } from './format.ts'
import { writeHocr } from './xml/hocr.ts'
import { writeHtml } from './xml/html.ts'
import { writeCsv } from './plain/csv.ts'
import { writeJson } from './plain/json.ts'
import { writeMarkdown } from './plain/markdown.ts'
import { writePassages } from './plain/passages.ts'
import { writePage } from './xml/page-xml.ts'
import { writePdf } from './pdf.ts'
import { writeText } from './plain/text.ts'
import { writeTsv } from './plain/tsv.ts'

/** All formats: extension, media type, writer. A new format needs a file and a line here. */
export const outputFormats: Readonly<Record<Format, OutputFormat>> = {
  txt: { extension: 'txt', mediaType: 'text/plain; charset=utf-8', write: writeText },
  json: { extension: 'json', mediaType: 'application/json; charset=utf-8', write: writeJson },
  // The media types of hOCR 1.2, and those that OCR-D uses for ALTO and PAGE; none is registered.
  hocr: { extension: 'hocr', mediaType: 'text/vnd.hocr+html; charset=utf-8', write: writeHocr },
  alto: { extension: 'alto.xml', mediaType: 'application/alto+xml', write: writeAlto },
  page: {
    extension: 'page.xml',
    mediaType: 'application/vnd.prima.page+xml',
    isOfOnePage: true,
    write: writePage,
  },
  tsv: { extension: 'tsv', mediaType: 'text/tab-separated-values; charset=utf-8', write: writeTsv },
  md: { extension: 'md', mediaType: 'text/markdown; charset=utf-8', write: writeMarkdown },
  html: { extension: 'html', mediaType: 'text/html; charset=utf-8', write: writeHtml },
  csv: { extension: 'csv', mediaType: 'text/csv; charset=utf-8', write: writeCsv },
  chunks: {
    extension: 'chunks.ndjson',
    mediaType: 'application/x-ndjson',
    write: writePassages,
  },
  pdf: { extension: 'pdf', mediaType: 'application/pdf', showsInput: true, write: writePdf },
}

import { createWriteStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Document } from '../../../ledger/document.ts'
import type { Ledger } from '../../../ledger/ledger.ts'
import { createDecoder, type Decoder } from '../../../outputs/decoder/decoder.ts'
import { documentOf, inputFileOf } from '../../../outputs/from-ledger.ts'
import { writePdf } from '../../../outputs/pdf.ts'
import { openInputFile } from '../../../outputs/pdf/file/input-file.ts'

/** A corrected page that was not exported. */
interface LeftOut {
  name: string
  page: number
  reason: string
}

interface Exported {
  pages: number
  leftOut: LeftOut[]
}

/** Names in a file system; the id of the document makes them unique. */
const unsafe = /[^\p{L}\p{N}._-]+/gu
const maxName = 80
const documentsAtATime = 200

/**
 * Writes each corrected page with its text beside it, `<name>.<ext>` and `<name>.gt.txt`, as `npm run eval` takes them: a
 * document of one page as its own file, a page of a longer one as a PDF without text.
 */
export async function exportTruth(ledger: Ledger, target: string): Promise<Exported> {
  await mkdir(target, { recursive: true })
  const decoder = createDecoder()
  const exported: Exported = { pages: 0, leftOut: [] }
  try {
    for (let after = ''; ;) {
      const ids = ledger.revisions.correctedDocuments(after, documentsAtATime)
      for (const id of ids) await exportDocument(ledger, id, { target, decoder, exported })
      after = ids.at(-1) ?? ''
      if (ids.length < documentsAtATime) return exported
    }
  } finally {
    await decoder.close()
  }
}

interface Exporting {
  target: string
  decoder: Decoder
  exported: Exported
}

async function exportDocument(
  ledger: Ledger,
  id: string,
  { exported, ...to }: Exporting,
): Promise<void> {
  const row = ledger.documents.get(id)
  if (row === undefined) return
  for (const number of ledger.revisions.correctedPages(id)) {
    const page = ledger.pages.readable(id, number)
    // A file that has changed since has the text of its new reading.
    if (page?.correction === undefined) continue
    try {
      await exportPage(ledger, row, page, to)
      exported.pages += 1
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      exported.leftOut.push({ name: row.path, page: number, reason: thrown.message })
    }
  }
}

async function exportPage(
  ledger: Ledger,
  row: Document,
  page: PageResult,
  { target, decoder }: Omit<Exporting, 'exported'>,
): Promise<void> {
  const request = ledger.runs.get(row.runId)?.request
  if (request === undefined) throw new ScriptoriumError('internal', 'the document has no run')
  const isOnly = (row.pagesTotal ?? 1) === 1
  const extension = isOnly ? extname(row.path) || '.img' : '.pdf'
  const stem = basename(row.path, extname(row.path)).replaceAll(unsafe, '-').slice(0, maxName)
  const name = join(target, [stem, row.id, ...(isOnly ? [] : [`page-${page.page}`])].join('-'))
  const file = inputFileOf(row, request)
  const bare = { ...page, text: '', blocks: [] }
  const content = isOnly
    ? readInput(file, row.sha256)
    : writePdf(
        { ...(await documentOf(ledger, row, request)), pages: [bare] },
        { file, page: page.page, decoder },
      )
  try {
    await pipeline(Readable.from(content), createWriteStream(`${name}${extension}`))
  } catch (thrown) {
    await rm(`${name}${extension}`, { force: true })
    throw thrown
  }
  await writeFile(`${name}.gt.txt`, `${page.text}\n`)
}

async function* readInput(...given: Parameters<typeof openInputFile>): AsyncGenerator<Uint8Array> {
  const file = await openInputFile(...given)
  try {
    yield* file.stream()
  } finally {
    await file.close()
  }
}

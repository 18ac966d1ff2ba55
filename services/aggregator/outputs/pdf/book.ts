import { readOutcomes } from '../../../../shared/contract.ts'
import { ScriptoriumError } from '../../../../shared/errors.ts'
import type { Finished } from '../format.ts'
import { createPdfFile, pdfText, type PdfFile } from './assembly.ts'
import { finishFile } from './finish.ts'
import { createFonts, type Fonts } from './fonts.ts'
import { writeImagePage } from './image-pages.ts'
import { openImages } from './images/open-images.ts'
import { readWholeInput } from './input-file.ts'
import { numbered } from './numbered.ts'
import { layerOf, writePage } from './overlay.ts'
import { copyPdf } from './parse/read-pdf.ts'

interface Book {
  file: PdfFile
  fonts: Fonts
  parent: number
  kids: number[]
}

interface Bookmark {
  title: string
  page: number
}

/**
 * One PDF of many documents, with a bookmark for each. A document whose pages cannot be shown is left out and
 * `onLeftOut` is told. Of PDFs the pages are taken, with what is on them, not what belongs to the document as a whole.
 */
export async function* writeBook(
  documents: Iterable<Finished>,
  title: string,
  onLeftOut: (path: string, reason: ScriptoriumError) => void,
): AsyncGenerator<Buffer> {
  const file = createPdfFile()
  const book = { file, fonts: createFonts(file), parent: 0, kids: [] }
  const catalog = file.allocate()
  book.parent = file.allocate()
  const bookmarks: Bookmark[] = []
  let latest = ''
  yield* file.header()
  for (const finished of documents) {
    const { path, outcome, finishedAt } = finished.document
    if (!readOutcomes.has(outcome)) continue
    const before = book.kids.length
    try {
      yield* writeDocument(book, finished)
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      onLeftOut(path, thrown)
    }
    const page = book.kids[before]
    if (page !== undefined) bookmarks.push({ title: path, page })
    if (finishedAt > latest) latest = finishedAt
  }
  yield* finish(book, catalog, bookmarks)
  const identity = [latest, ...book.kids, ...bookmarks.map((bookmark) => bookmark.title)]
  yield* finishFile(file, catalog, title, latest, identity)
}

async function* writeDocument(book: Book, { document, input }: Finished): AsyncGenerator<Buffer> {
  if (document.mediaType === 'application/pdf') {
    yield* writePdfPages(book, { document, input })
    return
  }
  const images = openImages(await readWholeInput(input.file, document.sha256), document.mediaType)
  for (const [number, result] of numbered(document.pages, images.pagesTotal, input.page)) {
    yield* writeImagePage(book, images, number, result, (kid) => book.kids.push(kid))
  }
}

async function* writePdfPages(book: Book, { document, input }: Finished): AsyncGenerator<Buffer> {
  const { file, fonts, parent, kids } = book
  const { page } = input
  const { objects, pages, count } = await copyPdf({
    file: input.file,
    sha256: document.sha256,
    password: input.password ?? '',
    copy: { firstNumber: file.nextNumber(), parent, ...(page !== undefined && { page }) },
  })
  file.reserve(count)
  for (const { number, body, data } of objects) {
    if (data === undefined) yield* file.object(number, body)
    else yield* file.rawStream(number, body, data)
  }
  const results = document.pages[Symbol.iterator]()
  let result = results.next()
  for (const [index, copied] of pages.entries()) {
    const number = page ?? index + 1
    while (result.done !== true && result.value.page < number) result = results.next()
    const read = result.done !== true && result.value.page === number ? result.value : undefined
    yield* writePage(file, copied, layerOf(copied, read, fonts))
    kids.push(copied.number)
  }
}

function* finish(
  { file, fonts, parent, kids }: Book,
  catalog: number,
  bookmarks: readonly Bookmark[],
): Generator<Buffer> {
  yield* fonts.finish()
  const references = kids.map((kid) => `${kid} 0 R`).join(' ')
  yield* file.object(parent, `<</Type/Pages/Count ${kids.length}/Kids[${references}]>>`)
  const outlines = yield* writeBookmarks(file, bookmarks)
  yield* file.object(catalog, `<</Type/Catalog/Pages ${parent} 0 R${outlines}>>`)
}

/** Returns the catalog's entries for them. */
function* writeBookmarks(file: PdfFile, bookmarks: readonly Bookmark[]): Generator<Buffer, string> {
  if (bookmarks.length < 2) return ''
  const root = file.allocate()
  const first = file.reserve(bookmarks.length)
  for (const [index, { title, page }] of bookmarks.entries()) {
    const next = index + 1 < bookmarks.length ? `/Next ${first + index + 1} 0 R` : ''
    const previous = index > 0 ? `/Prev ${first + index - 1} 0 R` : ''
    const target = `/Parent ${root} 0 R/Dest[${page} 0 R/Fit]`
    yield* file.object(first + index, `<</Title${pdfText(title)}${target}${previous}${next}>>`)
  }
  const last = first + bookmarks.length - 1
  yield* file.object(
    root,
    `<</Type/Outlines/Count ${bookmarks.length}/First ${first} 0 R/Last ${last} 0 R>>`,
  )
  return `/Outlines ${root} 0 R/PageMode/UseOutlines`
}

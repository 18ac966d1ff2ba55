import { hash } from 'node:crypto'
import { version } from '../../../shared/process/version.ts'
import { readOutcomes } from '../../../shared/contract/result/outcomes.ts'
import { type PageResult } from '../../../shared/contract/result/page.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Finished, OutputDocument } from '../format.ts'
import { createPdfFile, pdfText, type PdfFile } from './file/assembly.ts'
import type { Decoding } from '../decoder/decoder.ts'
import { createFonts, type Fonts } from './text/fonts.ts'
import { writeImagePage } from './image-pages.ts'
import { openImages, readHeld } from './images/streamed-images.ts'
import { layerOf, writeBare, writePdfPage } from './overlay.ts'
import { pagesOf } from './parse/parsed-pages.ts'

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
 * One PDF of many documents, with a bookmark for each. Skips a document whose pages cannot be shown and calls
 * `onLeftOut`. From PDFs it takes the pages and their content, not the properties of the whole document.
 */
export async function* writeBook(
  documents: Iterable<Finished> | AsyncIterable<Finished>,
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
  for await (const finished of documents) {
    const { path, outcome, finishedAt } = finished.document
    if (!readOutcomes.has(outcome)) continue
    const before = book.kids.length
    try {
      yield* writeDocument(book, finished)
    } catch (thrown) {
      if (!(thrown instanceof ScriptoriumError)) throw thrown
      onLeftOut(path, thrown)
      book.kids.length = before
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
  const { mediaType, sha256, pages } = document
  if (mediaType === 'application/pdf') {
    yield* writePdfPages(book, { document, input })
    return
  }
  const isRefused = isRefusedPage(document)
  const images = await openImages({ ...input, sha256, mediaType })
  try {
    for (const [number, result] of numbered(pages, images.pagesTotal, input.page)) {
      const page = { number, result, isRefused: isRefused(number) }
      yield* writeImagePage(book, images, page, (kid) => book.kids.push(kid))
    }
  } finally {
    await images.close()
  }
}

async function* writePdfPages(book: Book, { document, input }: Finished): AsyncGenerator<Buffer> {
  const { file, fonts, parent, kids } = book
  const { page, password = '', decoder, signal } = input
  const decoding = decoder.open(signal)
  try {
    await decoding.ask('copyPdf', {
      file: input.file,
      sha256: document.sha256,
      password,
      parent,
      firstNumber: file.nextNumber(),
      ...(page !== undefined && { page }),
    })
    yield* writeObjects(file, decoding)
    const resultOf = createFinder(document.pages)
    let number = page ?? 1
    for await (const copied of pagesOf(decoding)) {
      const result = resultOf(number)
      const layer = layerOf(copied, result, fonts)
      const index = number - (page ?? 1)
      const isWritten = layer.content !== ''
      const bare = isWritten
        ? yield* writeBare(file, decoding, { page: copied, index, result })
        : copied
      yield* writePdfPage(file, bare, layer)
      kids.push(copied.number)
      number += 1
    }
  } finally {
    await decoding.close()
  }
}

async function* writeObjects(file: PdfFile, decoding: Decoding): AsyncGenerator<Buffer> {
  for (;;) {
    const { objects, count } = await decoding.ask('pdfObjects', null)
    for (const { number, body, bytes } of objects) {
      if (bytes === undefined) yield* file.object(number, body)
      else yield* file.streamed(number, body, readHeld(decoding, bytes))
    }
    if (count === undefined) continue
    file.reserve(count)
    return
  }
}

/** Finds the results of pages that are requested in order. */
function createFinder(pages: Iterable<PageResult>) {
  const results = pages[Symbol.iterator]()
  let result = results.next()
  return (number: number): PageResult | undefined => {
    while (result.done !== true && result.value.page < number) result = results.next()
    return result.done !== true && result.value.page === number ? result.value : undefined
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

/** All pages of a file with their results, in order; only `wanted` if given. */
function* numbered(
  pages: Iterable<PageResult>,
  pagesTotal: number,
  wanted?: number,
): Generator<[number: number, result: PageResult | undefined]> {
  let next = 1
  for (const result of pages) {
    for (; next < result.page; next++) if (wanted === undefined) yield [next, undefined]
    if (wanted === undefined || wanted === result.page) yield [result.page, result]
    next = result.page + 1
  }
  for (; next <= pagesTotal; next++) if (wanted === undefined) yield [next, undefined]
}

/**
 * Writes a file's producer and its end. The same `identity` gives the same bytes. `finishedAt` is ISO 8601, or empty.
 */
function* finishFile(
  file: PdfFile,
  catalog: number,
  title: string,
  finishedAt: string,
  identity: readonly unknown[],
): Generator<Buffer> {
  const info = file.allocate()
  const date = finishedAt.replaceAll(/\D/g, '').slice(0, 14)
  const created = date.length === 14 ? `/CreationDate(D:${date}Z)` : ''
  const producer = `/Producer${pdfText(`Scriptorium ${version}`)}`
  yield* file.object(info, `<</Title${pdfText(title)}${producer}${created}>>`)
  const id = hash('md5', identity.join(' '))
  yield* file.finish({ root: `${catalog} 0 R`, info: `${info} 0 R`, id: `[<${id}><${id}>]` })
}

/**
 * For these failures the picture was sound: it is shown, without text. For all others the decoder rejected the page.
 */
const engineFaults: ReadonlySet<string> = new Set([
  'page_timeout',
  'engine_failed',
  'engine_boot_failed',
  'recipe_mismatch',
  'cancelled',
])

/** Tells which pages are not decoded for output because the worker could not decode them. */
function isRefusedPage({ failedPages }: OutputDocument): (page: number) => boolean {
  const refused = new Set(
    failedPages.filter(({ error }) => !engineFaults.has(error.code)).map(({ page }) => page),
  )
  return (page) => refused.has(page)
}

import {
  EncryptedPDFError,
  ParseSpeeds,
  PDFDocument,
  PDFName,
  type PDFObject,
  type PDFRef,
} from '@cantoo/pdf-lib'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import type { Base, Trailer } from '../../decoder/calls.ts'
import type { CopiedObject } from '../../decoder/calls.ts'
import { createCopy } from './copy.ts'
import { checkCrossReferences } from './cross-references.ts'
import { tidyDecrypted } from './decrypted.ts'
import { barePage, type BarePage } from './bare-page.ts'
import { boxOf, describePage, findPages, type FoundPage } from './pages.ts'
import type { PdfPage } from '../../decoder/calls.ts'
import { findUnnamedFonts, type UnnamedFont } from './unnamed-fonts.ts'

/** A PDF whose pages are returned in batches, after the objects of a copy. */
export interface ParsedPdf {
  nextPages: () => PdfPage[]
  /** `data` are the bytes of the batch's last object. */
  nextObjects: () => { objects: CopiedObject[]; count?: number; data?: Uint8Array }
  /** A page by its place among those, from 0, without its invisible text; undefined where it has none. */
  barePage: (index: number) => BarePage | undefined
  /** Fonts of a described PDF that no reader has Unicode for, except for the table in their own program. */
  unnamedFonts: () => UnnamedFont[]
}

interface Described {
  parsed: ParsedPdf
  base: Base
  trailer: Trailer
  /** Replaces a file to which nothing can be appended. */
  rebuilt?: Uint8Array
}

interface CopyTask {
  firstNumber: number
  parent: number
  page?: number
}

const batchBytes = 1_048_576
/** Pages repeat inherited entries: a small file may produce gigabytes of text. */
const maxPageText = 64 * 2 ** 20

/** Describes a PDF for appending. Throws `corrupt_pdf`, `password_required` or `password_wrong`. */
export const describePdf = (bytes: Buffer, password: string): Promise<Described> =>
  orRefusal(password, async () => describeOrRebuild(bytes, await parse(bytes, password)))

/** Copies the objects of pages under new numbers, and the pages. Throws the errors of `describePdf`. */
export const copyPdf = (bytes: Buffer, password: string, task: CopyTask): Promise<ParsedPdf> =>
  orRefusal(password, async () => copy(await parse(bytes, password), task))

const load = (bytes: Uint8Array, password: string): Promise<PDFDocument> =>
  PDFDocument.load(bytes, { password, updateMetadata: false, parseSpeed: ParseSpeeds.Fastest })

/**
 * The forms in which a password may open a PDF: unchanged; for programs that used its UTF-8 where the format requires
 * Latin-1; and empty, where anybody may read the PDF and only changes are protected.
 */
const readingsOf = (password: string): string[] => [
  ...new Set([password, Buffer.from(password).toString('latin1'), '']),
]

async function loadUnlocked(bytes: Uint8Array, password: string): Promise<PDFDocument> {
  let refused: unknown
  for (const reading of readingsOf(password)) {
    try {
      return await load(bytes, reading)
    } catch (thrown) {
      if (!isLocked(thrown)) throw thrown
      refused = thrown
    }
  }
  throw refused
}

async function parse(bytes: Uint8Array, password = ''): Promise<PDFDocument> {
  const parsed = await loadUnlocked(bytes, password)
  if (parsed.context.isDecrypted) tidyDecrypted(parsed.context)
  return parsed
}

const isLocked = (thrown: unknown): boolean =>
  thrown instanceof EncryptedPDFError || /password/i.test(toError(thrown).message)

const pagesOf = (parsed: PDFDocument) =>
  findPages(parsed.context, parsed.catalog.get(PDFName.of('Pages')))

/** The base for appending to a file; undefined where it must be rewritten. */
function baseOf(bytes: Buffer, { context }: PDFDocument): Base | undefined {
  const startXref = context.pdfFileDetails.prevStartXRef
  const form = checkCrossReferences(bytes, startXref)
  if (form === undefined) return undefined
  const nextNumber = context.largestObjectNumber + 1
  return { length: bytes.length, nextNumber, startXref, hasXrefStream: form === 'stream' }
}

function describe(base: Base, parsed: PDFDocument): Described {
  const { context } = parsed
  const { Root: root, Info: info, ID: id } = context.trailerInfo
  const pages = pagesOf(parsed)
  const describeNext = function* (): Generator<PdfPage> {
    for (const page of pages) yield describePage(context, page, (value) => value.toString())
  }
  return {
    parsed: {
      nextPages: inBatches(describeNext()),
      nextObjects: () => ({ objects: [], count: 0 }),
      barePage: (index) => bare(context, pages[index], (value) => value.toString()),
      unnamedFonts: () => findUnnamedFonts(context, pages),
    },
    base,
    trailer: {
      root: root?.toString() ?? 'null',
      ...(info !== undefined && { info: info.toString() }),
      ...(id !== undefined && { id: id.toString() }),
    },
  }
}

async function describeOrRebuild(bytes: Buffer, parsed: PDFDocument): Promise<Described> {
  const base = parsed.context.isDecrypted ? undefined : baseOf(bytes, parsed)
  if (base !== undefined) return describe(base, parsed)
  const options = { addDefaultPage: false, updateFieldAppearances: false }
  const rebuilt = Buffer.from(await parsed.save(options))
  const again = await parse(rebuilt)
  const newBase = baseOf(rebuilt, again)
  if (newBase === undefined) throw new Error('its structure cannot be repaired')
  return { ...describe(newBase, again), rebuilt }
}

function copy(parsed: PDFDocument, { firstNumber, parent, page }: CopyTask): ParsedPdf {
  const { context } = parsed
  const found = pagesOf(parsed)
  const wanted = found.filter((_, index) => page === undefined || page === index + 1)
  const numbers = new Map<PDFRef, number | undefined>(found.map(({ ref }) => [ref, undefined]))
  wanted.forEach(({ ref }, index) => numbers.set(ref, firstNumber + index))
  const copied = createCopy(context, firstNumber + wanted.length, numbers)
  // Properties of the whole document, rather than of its pages, are not copied.
  const leftOut = ['Parent', 'StructParents', 'B']
  let text = 0
  // All of them first: only then are their references known.
  const pages = wanted.map((each, index) => {
    const described = describePage(context, each, copied.toText, leftOut)
    const entries = `${described.entries}/Parent ${parent} 0 R`
    const ready = { ...described, entries, number: firstNumber + index, generation: 0 }
    text += textOf(ready)
    if (text > maxPageText) throw new Error('its page content exceeds the size limit')
    return ready
  })
  const objects = copied.objects()
  return {
    nextPages: inBatches(pages.values()),
    // All of its references were copied with the page.
    barePage: (index) => bare(context, wanted[index], copied.toText),
    unnamedFonts: () => [],
    nextObjects() {
      const batch: CopiedObject[] = []
      for (let room = batchBytes; room > 0;) {
        const { done, value } = objects.next()
        if (done === true) return { objects: batch, count: wanted.length + copied.count() }
        const { data, ...object } = value
        batch.push(data === undefined ? object : { ...object, bytes: data.length })
        if (data !== undefined) return { objects: batch, data }
        room -= object.body.length + 1
      }
      return { objects: batch }
    },
  }
}

const bare = (
  context: PDFDocument['context'],
  page: FoundPage | undefined,
  toText: (value: PDFObject) => string,
): BarePage | undefined => page && barePage(context, page, boxOf(context, page.entries), toText)

const textOf = ({ entries, contents, resources, fonts }: PdfPage): number =>
  entries.length + contents.length + resources.length + fonts.length

/** Batches of pages of about a mebibyte; none after the last. */
function inBatches(pages: Iterator<PdfPage>): () => PdfPage[] {
  let total = 0
  return () => {
    const batch: PdfPage[] = []
    for (let room = batchBytes; room > 0;) {
      const { done, value } = pages.next()
      if (done === true) return batch
      batch.push(value)
      const text = textOf(value)
      room -= text + 1
      total += text
      if (total > maxPageText) throw new Error('its page content exceeds the size limit')
    }
    return batch
  }
}

async function orRefusal<T>(password: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (!isLocked(thrown)) throw refusal('corrupt_pdf', toError(thrown).message)
    if (password !== '')
      throw refusal('password_wrong', 'the PDF is encrypted, and the password is wrong')
    throw refusal(
      'password_required',
      'the PDF is encrypted, and its password is kept no longer than its run; run again with --formats pdf and --pdf-password (API: POST /v1/runs with pdfPassword)',
    )
  }
}

const refusal = (
  code: 'corrupt_pdf' | 'password_required' | 'password_wrong',
  reason: string,
): ScriptoriumError => new ScriptoriumError(code, `its pages cannot be shown: ${reason}`)

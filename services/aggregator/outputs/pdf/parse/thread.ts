/** Parses one PDF on a thread of its own: a hostile file may take for ever, and its thread can be ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { EncryptedPDFError, ParseSpeeds, PDFDocument, PDFName, type PDFRef } from '@cantoo/pdf-lib'
import { ScriptoriumError, toError } from '../../../../../shared/errors.ts'
import type { Base } from '../assembly.ts'
import { readWholeInput } from '../input-file.ts'
import { createCopy } from './copy.ts'
import { checkCrossReferences } from './cross-references.ts'
import { tidyDecrypted } from './decrypted.ts'
import type { ParseMessage, ParseTask, RefusalCode } from './messages.ts'
import { describePage, findPages } from './pages.ts'

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
const post = (message: ParseMessage): void => parentPort?.postMessage(message)

const load = (bytes: Uint8Array, password: string): Promise<PDFDocument> =>
  PDFDocument.load(bytes, { password, updateMetadata: false, parseSpeed: ParseSpeeds.Fastest })

/**
 * A password in the ways in which it may open a PDF: as it is, for programs that took its UTF-8 where the format wants
 * Latin-1, and none, where the PDF may be read by everybody and only not be changed.
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

/** How something can be appended to a file; undefined where it is to be written anew. */
function baseOf(bytes: Buffer, { context }: PDFDocument): Base | undefined {
  const startXref = context.pdfFileDetails.prevStartXRef
  const form = checkCrossReferences(bytes, startXref)
  if (form === undefined) return undefined
  const nextNumber = context.largestObjectNumber + 1
  return { length: bytes.length, nextNumber, startXref, hasXrefStream: form === 'stream' }
}

function describe(
  bytes: Buffer,
  base: Base,
  parsed: PDFDocument,
  isRebuilt: boolean,
): ParseMessage {
  const { context } = parsed
  const { Root: root, Info: info, ID: id } = context.trailerInfo
  return {
    kind: 'described',
    pages: pagesOf(parsed).map((page) => describePage(context, page, (value) => value.toString())),
    base,
    trailer: {
      root: root?.toString() ?? 'null',
      ...(info !== undefined && { info: info.toString() }),
      ...(id !== undefined && { id: id.toString() }),
    },
    ...(isRebuilt && { rebuilt: bytes }),
  }
}

async function describeOrRebuild(bytes: Buffer, parsed: PDFDocument): Promise<ParseMessage> {
  const base = parsed.context.isDecrypted ? undefined : baseOf(bytes, parsed)
  if (base !== undefined) return describe(bytes, base, parsed, false)
  const options = { addDefaultPage: false, updateFieldAppearances: false }
  const rebuilt = Buffer.from(await parsed.save(options))
  const again = await parse(rebuilt)
  const newBase = baseOf(rebuilt, again)
  if (newBase === undefined) throw new Error('it cannot be put in order')
  return describe(rebuilt, newBase, again, true)
}

function copy(
  parsed: PDFDocument,
  { firstNumber, parent, page }: NonNullable<ParseTask['copy']>,
): ParseMessage {
  const { context } = parsed
  const found = pagesOf(parsed)
  const wanted = found.filter((_, index) => page === undefined || page === index + 1)
  const numbers = new Map<PDFRef, number | undefined>(found.map(({ ref }) => [ref, undefined]))
  wanted.forEach(({ ref }, index) => numbers.set(ref, firstNumber + index))
  const copied = createCopy(context, firstNumber + wanted.length, numbers)
  // What belongs to the whole document, and not to its pages, does not come along.
  const leftOut = ['Parent', 'StructParents', 'B']
  const pages = wanted.map((each, index) => {
    const described = describePage(context, each, copied.toText, leftOut)
    const entries = `${described.entries}/Parent ${parent} 0 R`
    return { ...described, entries, number: firstNumber + index, generation: 0 }
  })
  for (const object of copied.objects()) post({ kind: 'object', ...object })
  return { kind: 'copied', count: wanted.length + copied.count(), pages }
}

async function run(task: ParseTask): Promise<ParseMessage> {
  const bytes = await readWholeInput(task.file, task.sha256)
  const parsed = await parse(bytes, task.password)
  if (task.copy !== undefined) return copy(parsed, task.copy)
  return describeOrRebuild(bytes, parsed)
}

const refuse = (code: RefusalCode, reason: string): ParseMessage => ({
  kind: 'refused',
  code,
  message: `its pages cannot be shown: ${reason}`,
})

function refusal(thrown: unknown): ParseMessage {
  const { message } = toError(thrown)
  if (thrown instanceof ScriptoriumError) {
    return {
      kind: 'refused',
      code: thrown.code === 'unstable' ? 'unstable' : 'input_unreadable',
      message,
    }
  }
  if (!isLocked(thrown)) return refuse('corrupt_pdf', message)
  return task.password === ''
    ? refuse(
        'password_required',
        'the PDF is encrypted, and its password is kept no longer than its run; run again with --formats pdf and --pdf-password (API: POST /v1/runs with pdfPassword)',
      )
    : refuse('password_wrong', 'the PDF is encrypted, and the password is another one')
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only read-pdf.ts starts this thread
const task = workerData as ParseTask
post(await run(task).catch(refusal))

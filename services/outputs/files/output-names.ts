import { existsSync, lstatSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Format } from '../../../shared/contract/result/formats.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { Unavailable } from '../../../shared/contract/messages/progress.ts'
import type { FolderRequest } from '../../../shared/contract/messages/run-request.ts'
import { foldPath } from '../../../shared/contract/ids.ts'
import { combinedId, type Claim } from '../../ledger/claims.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { combinedFormats, combinedName } from '../plain/combined.ts'
import { outputName, stateFolder } from './output-files.ts'
import { createListing } from './files-listing.ts'
import { createOwnFiles, type Named } from './own-files.ts'

type Request = Pick<FolderRequest, 'runId' | 'root' | 'out' | 'combined' | 'formats' | 'onExists'>

/** Another document's claim on the same place. */
interface Rival {
  documentId: string
  formats: string[]
  /** Belongs to this very run: its file may not exist yet. */
  isAtWork: boolean
  /** The same file, as another run's document. */
  isSameInput: boolean
}

/** The result for a document's requested names. */
interface Admission {
  /** False where a document that has never written output lacks a name: it is not worth reading. */
  isAdmitted: boolean
  /** The unavailable formats, with the owners of their names. */
  taken: Unavailable[]
}

const cure = 'move it away, choose another --out, or replace it with --on-exists replace'

/**
 * Decides which output files a document may write: those with free names, and those it has claimed before. A file that
 * another document has claimed, or none, stays unchanged unless the user wants it replaced.
 */
export function createOutputNames(
  ledger: Pick<Ledger, 'claims' | 'documents' | 'runs'>,
  request: Request,
) {
  const { claims } = ledger
  const { out, formats, onExists = 'fail' } = request
  // If our own folder answers to its upper-case name, the file system ignores case.
  const ignoresCase = existsSync(join(out, basename(stateFolder(out)).toUpperCase()))
  const listing = createListing(out, ignoresCase)
  const isOurs = createOwnFiles(ledger, out)

  const lookUp = createLookUp(ledger, request, ignoresCase)
  const combined = new Set(
    request.combined ? combinedFormats(formats).map((format) => `${combinedName}.${format}`) : [],
  )

  /** A folder of inputs may have the name of a combined file: its output folder would then block that file for ever. */
  const combinedAbove = (path: string): string | undefined => {
    const [top = '', ...below] = path.split('/')
    const name = ignoresCase ? foldPath(top) : top
    return below.length > 0 && combined.has(name) ? name : undefined
  }

  const takenBy = (
    named: Named,
    format: Format,
    own: readonly string[],
    rival: Rival | undefined,
  ): string | undefined => {
    const name = outputName(named.path, format)
    const above = combinedAbove(named.path)
    if (above !== undefined) return `${name} is below ${above}, ${outputOf(combinedId)}`
    if (rival?.isAtWork === true) return `${name} is ${outputOf(rival.documentId)}`
    if (onExists === 'replace' || !listing.isAnyThere(named.path, format)) return undefined
    if (rival !== undefined) return `${name} is ${outputOf(rival.documentId)}; ${cure}`
    if (own.includes(format)) return undefined
    // Replacing cannot resolve a conflict with a folder: the write will report it.
    if (lstatSync(join(out, name), { throwIfNoEntry: false })?.isDirectory() === true)
      return undefined
    return isOurs(named, format, own)
      ? undefined
      : `${name} exists, and was not written by Scriptorium; ${cure}`
  }

  return {
    /**
     * Checks the names that a document needs, and with `isClaiming` claims them; the caller wraps it in a transaction.
     */
    admit(named: Named, wanted: readonly Format[], isClaiming: boolean): Admission {
      const { own, others } = lookUp(named)
      const rivals = others.filter(({ isSameInput }) => !isSameInput)
      // The same file, read before as part of a larger or a smaller folder: its output is ours, too.
      const before = others.filter(({ isSameInput }) => isSameInput)
      const ours = [...own, ...before.flatMap((rival) => rival.formats)]
      const taken = wanted.flatMap((format): Unavailable[] => {
        const rival = rivals.find((other) => other.formats.includes(format))
        const message = takenBy(named, format, ours, rival)
        return message === undefined ? [] : [{ format, code: 'output_exists', message }]
      })
      const free = wanted.filter((format) => !taken.some((other) => other.format === format))
      // A document with the name of the combined files gives way in their formats only.
      const givesWay = rivals.some(
        ({ documentId, isAtWork }) => documentId === combinedId && isAtWork,
      )
      const isAdmitted = taken.length === 0 || ours.length > 0 || (givesWay && free.length > 0)
      if (isClaiming && isAdmitted && !free.every((format) => own.includes(format))) {
        claimNames(claims, out, named, { wanted: [...new Set([...own, ...free])], rivals })
      }
      return { isAdmitted, taken }
    },
    /**
     * Claims the files of `--combined`; the caller wraps it in a transaction. Throws `output_exists` where one exists
     * that is not ours. With `skip` that file stays unchanged, and is not written.
     */
    admitCombined(wanted: readonly Format[], isClaiming: boolean): void {
      const named = { id: combinedId, path: combinedName }
      const { own, others } = lookUp(named)
      const taken = combinedFormats(wanted).filter((format) => {
        if (onExists === 'replace') return false
        const isRival = others.some((rival) => rival.formats.includes(format))
        const isThere = existsSync(join(out, `${combinedName}.${format}`))
        return isThere && (isRival || !own.includes(format))
      })
      if (taken.length > 0 && onExists === 'fail') {
        const names = taken.map((format) => `${combinedName}.${format}`).join(', ')
        throw new ScriptoriumError(
          'output_exists',
          `${names}, which --combined writes, exists and was not written by --combined; ${cure}`,
        )
      }
      const free = combinedFormats(wanted).filter((format) => !taken.includes(format))
      if (isClaiming)
        claimNames(claims, out, named, { wanted: [...new Set([...own, ...free])], rivals: others })
    },
  }
}

/** Of nearly all file systems. */
const maxNameBytes = 255

/** The reason why a document's output files cannot be written whatever it contains; undefined where they can. */
export function tooLongName(path: string, wanted: readonly Format[]): string | undefined {
  const names = wanted.map((format) => basename(outputName(path, format)))
  const bytes = Math.max(0, ...names.map((name) => Buffer.byteLength(name)))
  if (bytes <= maxNameBytes) return undefined
  return `its output file would have a name of ${bytes} bytes, more than the ${maxNameBytes} that file systems allow; shorten the name of the input file by ${bytes - maxNameBytes}`
}

/** Claims names for a document, and takes them from the rivals whose files it replaces. */
function claimNames(
  claims: Ledger['claims'],
  out: string,
  { id, path }: Named,
  { wanted, rivals }: { wanted: readonly string[]; rivals: readonly Rival[] },
): void {
  for (const { documentId, formats, isSameInput } of rivals) {
    if (isSameInput) continue // Both runs may be active at the same time, and write the same output.
    const left = formats.filter((format) => !wanted.includes(format))
    if (left.length === 0) claims.remove(out, path, documentId)
    else if (left.length < formats.length) claims.set(out, path, documentId, left)
  }
  claims.set(out, path, id, wanted)
}

/** The formats that a document has claimed before, and other documents' claims at its place. */
function createLookUp(
  { claims, documents, runs }: Pick<Ledger, 'claims' | 'documents' | 'runs'>,
  { runId, root, out, combined }: Request,
  ignoresCase: boolean,
) {
  const toRivals = (path: string, { documentId, formats }: Claim): Rival[] => {
    if (documentId === combinedId)
      return [{ documentId, formats, isAtWork: combined, isSameInput: false }]
    const row = documents.get(documentId)
    const other = row && runs.getFolder(row.runId)
    if (row === undefined || other === undefined) return []
    if (join(other.request.out, row.path) !== join(out, path) && !ignoresCase) return []
    const isSameInput = join(other.request.root, row.path) === join(root, path)
    return [{ documentId, formats, isAtWork: row.runId === runId, isSameInput }]
  }
  return ({ id, path }: Named): { own: string[]; others: Rival[] } => {
    const found = claims.at(out, path)
    return {
      own: found.find(({ documentId }) => documentId === id)?.formats ?? [],
      others: found
        .filter(({ documentId }) => documentId !== id)
        .flatMap((claim) => toRivals(path, claim)),
    }
  }
}

const outputOf = (documentId: string): string =>
  documentId === combinedId
    ? 'a file of --combined'
    : `the output of another document (${documentId}) of this output folder`

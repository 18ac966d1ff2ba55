import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { exitCodes } from '../../../../shared/process/errors.ts'
import { printable, printableName } from '../../../../shared/process/printable.ts'
import { ledgerFile } from '../../../ledger/ledger.ts'
import { newCommand, type Common } from '../../command.ts'
import { findLedgerFolder, ledgerFolderOf } from '../ledger-folder.ts'
import { examineLedger, type Examined, type VerifyScope } from './examine.ts'
import { isNote, type Finding } from './finding.ts'
import { repair } from './repair.ts'
import { counted } from '../../counted.ts'

interface Deps {
  environment: NodeJS.ProcessEnv
  stdout: Pick<NodeJS.WritableStream, 'write'>
  end: (code: number) => void
}

interface Options extends Common {
  json?: boolean
  repair?: boolean
}

/** Findings of one kind that are shown; `--verbose` and `--json` show all. */
const maxShown = 20

/** `verify`: exit code 2 if a file differs from the ledger, or a document must be read again. */
export const verifyCommand = (deps: Deps): Command =>
  newCommand('verify', {
    quiet: 'print findings only',
    verbose: `print all findings, not only ${maxShown} of each kind`,
  })
    .description('Compares the ledger with the files on disk, page by page and file by file.')
    .argument('<folder>', 'output folder of ingest, or SCRIPTORIUM_DATA with all its documents')
    .option(
      '--repair',
      'rewrite missing and edited output from the ledger; mark documents with missing pages to be read again',
    )
    .option('--json', 'print JSON')
    .action(async (given: string, options: Options) => {
      deps.end(await run(given, options, deps))
    })

async function run(
  given: string,
  options: Options,
  { environment, stdout }: Deps,
): Promise<number> {
  const scope = findScope(given, environment)
  const found = await examineLedger(scope)
  const isMending = options.repair === true && found.findings.some((each) => each.repair !== null)
  const repaired = isMending
    ? await repair(found.findings, { folder: scope.folder, environment })
    : undefined
  const left = repaired === undefined ? found : await examineLedger(scope)
  const reread = repaired?.reread ?? []
  const isWhole = left.findings.every(isNote) && reread.length === 0
  if (options.json === true) {
    const { documents, findings } = left
    const mended = found.findings.length - findings.length
    stdout.write(`${JSON.stringify({ documents, findings, mended, reread })}\n`)
  } else {
    stdout.write(printable(formatFindings(left, given, options)))
    if (repaired !== undefined && !options.quiet) stdout.write(formatRepair(found, left, reread))
  }
  return isWhole ? exitCodes.done : exitCodes.someFailed
}

/** An output folder that services have written is in the ledger of SCRIPTORIUM_DATA. */
function findScope(given: string, environment: NodeJS.ProcessEnv): VerifyScope {
  const out = existsSync(given) ? realpathSync(resolve(given)) : resolve(given)
  const data = ledgerFolderOf(environment['SCRIPTORIUM_DATA'] || './data', 'data')
  const isLocal = (['data', 'output'] as const).some((kind) =>
    existsSync(ledgerFile(ledgerFolderOf(out, kind))),
  )
  if (!isLocal && existsSync(ledgerFile(data))) return { folder: data, out }
  const { folder, kind } = findLedgerFolder(out)
  return kind === 'output' ? { folder, out } : { folder }
}

/** The faults, each with its cure; then the notes. */
function formatFindings(
  { documents, findings }: Examined,
  folder: string,
  { quiet = false, verbose = false }: Partial<Common> = {},
): string {
  const max = verbose ? Infinity : maxShown
  const faults = findings.filter((each) => !isNote(each))
  const notes = findings.filter(isNote)
  const kinds = [...new Set(faults.map(({ kind }) => kind))]
  const lines = kinds.flatMap((kind) =>
    show(
      faults.filter((each) => each.kind === kind),
      max,
    ),
  )
  if (notes.length > 0 && !quiet) {
    lines.push(`${counted(notes.length, 'file')} outside of this ledger, left unchanged:`)
    lines.push(...notes.slice(0, max).map(({ path }) => `  ${printableName(path)}`))
  }
  const mendable = faults.filter((each) => each.repair !== null).length
  const verdict =
    faults.length === 0
      ? `Complete: ${counted(documents, 'document')}.`
      : `${counted(faults.length, 'finding')} in ${counted(documents, 'document')}; npx scriptorium verify ${folder} --repair repairs ${mendable} of them.`
  return [...lines, ...(quiet ? [] : [verdict])].map((line) => `${line}\n`).join('')
}

function show(findings: readonly Finding[], max: number): string[] {
  const lines = findings
    .slice(0, max)
    .flatMap(({ kind, path, found, cure }) => [
      `${kind}: ${printableName(path)}: ${found}`,
      `  cure: ${cure}`,
    ])
  const more = findings.length - max
  return more > 0 ? [...lines, `  and ${more} more (--verbose prints all)`] : lines
}

function formatRepair(before: Examined, after: Examined, reread: readonly string[]): string {
  const mended = before.findings.length - after.findings.length
  const marked =
    reread.length === 0
      ? ''
      : ` The next ingest of their folder, or the service, reads ${counted(reread.length, 'document')} again.`
  return `Repaired: ${mended}.${marked}\n`
}

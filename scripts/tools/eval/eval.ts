import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { makeTemporaryFolder } from '../../../shared/files/temporary-folder.ts'
import { describeMachine } from '../common/machine.ts'
import { parseEvalArguments, type EvalOptions } from './arguments.ts'
import { readPages } from './read-pages.ts'
import { readText, scoreTexts, type Scoring } from '../accuracy/scoring.ts'
import { findTruthPages, truthFile, type TruthPages } from '../accuracy/truth-pages.ts'
import {
  comparePages,
  formatComparison,
  formatInvented,
  wordsIn,
  type Comparison,
} from './against.ts'
import { formatUnread, readPlain } from './plain.ts'
import { formatScores, formatWorst } from './view.ts'
import type { Paint } from './word-diff.ts'

/** The dependencies of the command. */
interface Deps {
  arguments: readonly string[]
  node: string
  nodeVersion: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
  print: (line: string) => void
  say: (line: string) => void
  /** Width of the terminal, characters. */
  width: number
  paint: Paint
}

/** Reads the pages, or takes existing texts, and prints their accuracy. Leaves nothing behind. */
export async function runEval(deps: Deps): Promise<void> {
  const options = parseEvalArguments(deps.arguments)
  if (options.texts !== undefined && !existsSync(options.texts)) {
    throw new Error(`there is no folder ${options.texts}`)
  }
  const pages = findTruthPages(options.pages, options)
  if (pages.leftOut.length > 0) {
    deps.say(`not English, read only where --sets names them: ${pages.leftOut.join(', ')}`)
  }
  const temporary = makeTemporaryFolder('eval')
  const workspace = realpathSync(temporary.path)
  try {
    const texts = options.texts ?? (await readTexts(deps, options, pages, workspace))
    const scoring = scoreTexts(pages, texts)
    const { width, paint } = deps
    const { worst, lines } = options
    const shown = formatWorst(pages, texts, scoring, { worst, lines, width, paint })
    const against =
      options.against && (await compare(deps, options, pages, texts, scoring, workspace))
    const compared = against?.lines ?? []
    for (const line of [...formatScores(scoring), ...compared, ...shown]) deps.print(line)
    if (options.json !== undefined) {
      const { preset, languages } = options
      const read = options.texts === undefined ? { preset, languages } : null
      const comparison = against && { against: against.comparison }
      const report = { machine: describeMachine(deps.nodeVersion), read, ...scoring, ...comparison }
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`)
    }
  } finally {
    temporary.remove()
  }
}

/** Reads the pages with plain Tesseract as well; pages whose truth is empty show the words that we invented. */
async function compare(
  { environment, stopping }: Deps,
  { languages }: EvalOptions,
  pages: TruthPages,
  texts: string,
  scoring: Scoring,
  folder: string,
): Promise<{ comparison: Comparison; lines: string[] }> {
  const plain = await readPlain({ ...pages, folder, languages, environment, stopping })
  const truthOf = (path: string): string => readFileSync(truthFile(pages.root, path), 'utf8')
  const isPrinted = (path: string): boolean => wordsIn(truthOf(path)).length > 0
  const comparison = comparePages(scoring, scoreTexts(pages, plain.texts), isPrinted)
  const unprinted = pages.paths.filter((path) => !isPrinted(path))
  const invented = unprinted.map((path) => ({ path, words: wordsIn(readText(texts, path) ?? '') }))
  const lines = [...formatComparison(comparison), ...formatUnread(plain)]
  return {
    comparison,
    lines: unprinted.length === 0 ? lines : [...lines, ...formatInvented(invented)],
  }
}

function readTexts(
  { node, environment, stopping }: Deps,
  { preset, languages, psm, workers }: EvalOptions,
  pages: TruthPages,
  folder: string,
): Promise<string> {
  const more = [
    '--preset',
    preset,
    '--languages',
    languages,
    ...(psm === undefined ? [] : ['--psm', String(psm)]),
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
  ]
  return readPages({ ...pages, folder, arguments: more, node, environment, stopping })
}

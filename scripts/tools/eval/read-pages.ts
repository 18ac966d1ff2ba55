import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PageSet } from '../accuracy/page-set.ts'
import { packageRoot } from '../../../shared/files/package-root.ts'

interface Order extends PageSet {
  /** Folder for the texts, and for a list of the pages. */
  folder: string
  /** Further arguments of `ingest`. */
  arguments: readonly string[]
  node: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
}

const program = join(packageRoot, 'scripts/scriptorium.js')
/** All have been processed, and some or all failed: failed pages score as empty. */
const readCodes = [0, 2, 4]

/**
 * Reads pages with `ingest`, whose progress goes to stderr. Returns the folder with the texts. Throws on any other exit
 * code.
 */
export async function readPages(order: Order): Promise<string> {
  const { root, paths, folder, stopping } = order
  const list = join(folder, 'pages.list')
  const out = join(folder, 'texts')
  writeFileSync(list, paths.map((path) => `${join(root, path)}\n`).join(''))
  const what = [`@${list}`, '--base', root, '--out', out, '--formats', 'txt']
  const child = spawn(order.node, [program, 'ingest', ...what, ...order.arguments], {
    env: order.environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const stop = (): unknown => child.kill('SIGTERM')
  stopping.addEventListener('abort', stop)
  await once(child, 'exit')
  stopping.removeEventListener('abort', stop)
  stopping.throwIfAborted()
  if (!readCodes.includes(child.exitCode ?? Number.NaN)) {
    throw new Error(`ingest ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`)
  }
  return out
}

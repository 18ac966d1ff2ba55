import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PageSet } from '../bench/page-set.ts'

interface Order extends PageSet {
  /** Where the texts go, and a list of the pages. */
  folder: string
  /** What else `ingest` is told. */
  arguments: readonly string[]
  node: string
  environment: NodeJS.ProcessEnv
  stopping: AbortSignal
}

const ingestMain = join(import.meta.dirname, '..', 'ingest.ts')
/** All read, and some or all of them failed: those are scored as empty. */
const readCodes = [0, 2, 4]

/** Reads pages with `ingest`, whose progress goes to stderr. Returns the folder with the texts. Throws where it ends badly. */
export async function readPages(order: Order): Promise<string> {
  const { root, paths, folder, stopping } = order
  const list = join(folder, 'pages.list')
  const out = join(folder, 'texts')
  writeFileSync(list, paths.map((path) => `${join(root, path)}\n`).join(''))
  const what = [`@${list}`, '--base', root, '--out', out, '--formats', 'txt']
  const child = spawn(order.node, [ingestMain, ...what, ...order.arguments], {
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

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient, type Client } from '../../../scripts/client/client.ts'
import type { DocumentView, UploadView } from '../../../services/api/schemas/document.ts'
import { pngOf } from '../pages/pages.ts'
import { startProgram, type Program } from './processes.ts'
import type { Scene } from './scene.ts'

/** The whole service as `npm start` runs it, and a client of it. */
export interface Service {
  address: string
  client: Client
  program: Program
  /** The ledger's folder, which holds the spool too. */
  data: string
}

/** Starts the service on a free port and waits until it is ready. It ends with the scene. */
export async function startService(scene: Scene, more: NodeJS.ProcessEnv = {}): Promise<Service> {
  const data = join(scene.folder, 'data')
  const program = startProgram('scripts/scriptorium.js', ['serve'], {
    environment: {
      ...scene.environment,
      PORT: '0',
      SCRIPTORIUM_DATA: data,
      SCRIPTORIUM_WORKERS: '2',
      SCRIPTORIUM_DRAIN_MS: '5000',
      ...more,
    },
  })
  scene.defer(async () => {
    if (program.isRunning()) program.kill('SIGTERM')
    await program.ended
  })
  const address = await program.until('the address', () => addressIn(program.stdout()))
  const client = createClient(address)
  await program.until('readiness', async () => (await fetch(`${address}/readyz`)).ok)
  return { address, client, program, data }
}

const addressIn = (text: string): string | undefined => /http:\/\/\S+?:\d+/.exec(text)?.[0]

/** The page of a seed as a file: the engine's text for it is `textOf(seed)`. */
export async function fileOf(seed: string, name = `${seed}.png`): Promise<File> {
  return new File([new Uint8Array(await pngOf(seed))], name)
}

/** The answer to an upload of one file. */
export function oneOf(answer: DocumentView | UploadView): DocumentView {
  if ('documents' in answer) throw new Error(`several were taken: ${JSON.stringify(answer)}`)
  return answer
}

/** The answer to an upload of several files. */
export function severalOf(answer: DocumentView | UploadView): UploadView {
  if ('documents' in answer) return answer
  throw new Error(`one was taken: ${JSON.stringify(answer)}`)
}

/** Every line of the log that the service's processes share. */
export function logLines(data: string): Record<string, unknown>[] {
  return readFileSync(join(data, 'scriptorium.log'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

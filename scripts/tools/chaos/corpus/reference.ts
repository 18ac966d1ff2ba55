import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ChaosSetting } from '../world/setting.ts'
import { copySamples, makeSamples, readSamples, type Sample } from './corpus.ts'

export interface Corpus {
  samples: Sample[]
  /** Documents per second of one undisturbed worker. */
  documentsPerSecond: number
}

/** Makes the corpus and reads it once, with one worker, undisturbed. */
export async function readReference(setting: ChaosSetting): Promise<Corpus> {
  const folder = join(setting.folder, 'samples')
  const out = join(setting.folder, 'reference')
  if (setting.engine === 'quick') await makeSamples(folder)
  else copySamples(join(setting.repository, 'samples'), folder)
  const began = performance.now()
  const child = spawn(
    setting.node,
    [
      join(setting.repository, 'scripts/scriptorium.js'),
      'ingest',
      folder,
      '--out',
      out,
      '--workers',
      '1',
    ],
    { cwd: setting.repository, env: setting.environment, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-2_000)))
  await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`the reference cannot be read: ${said}`)
  const samples = readSamples(folder, out)
  return { samples, documentsPerSecond: (1_000 * samples.length) / (performance.now() - began) }
}

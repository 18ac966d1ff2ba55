import type { Bench } from '../../run/setting.ts'
import { versionOf } from './version-of.ts'
import { psm, type Presence, type System } from './system.ts'

const minMajor = 5
const cure = 'apt-get install --no-install-recommends tesseract-ocr tesseract-ocr-eng'

/** The installed `tesseract`, where it is new enough. */
export function tesseractPresence({ environment }: Bench): Presence {
  const said = versionOf('tesseract', ['--version'], environment)
  const version = /tesseract v?((\d+)\.\S+)/.exec(said ?? '')
  if (version === null) return { kind: 'absent', cure }
  const [, full = '', major] = version
  return Number(major) >= minMajor
    ? { kind: 'installed', version: `tesseract ${full}` }
    : { kind: 'absent', cure: `${cure} (${full} is too old, 5 is the oldest)` }
}

/** xargs exits with this code if one of its commands has failed. */
const xargsFailed = 123

/** One `tesseract` per page, as many at a time as there are cores. */
export const tesseractCli: System = {
  name: 'tesseract CLI, xargs',
  label: 'tesseract CLI',
  family: 'peer',
  exitCodes: [0, xargsFailed],
  find: tesseractPresence,
  commandFor: ({ list, cores, languages }) => ({
    program: 'xargs',
    arguments: [
      ['-0', '-n', '2', '-P', String(cores)],
      ['tesseract', '-l', languages, '--psm', String(psm), '--oem', '1'],
    ].flat(),
    input: list,
  }),
}

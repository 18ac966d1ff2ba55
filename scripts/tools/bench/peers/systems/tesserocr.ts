import { join } from 'node:path'
import type { Bench } from '../../run/setting.ts'
import { psm, type Presence, type System } from './system.ts'
import { versionOf } from './version-of.ts'

const cure = 'apt-get install --no-install-recommends python3-tesserocr'
const driver = join(import.meta.dirname, '../drivers', 'tesserocr-pool.py')
const question =
  'import tesserocr; print(tesserocr.__version__, tesserocr.tesseract_version().split()[1])'
/** Another Python may come first on the PATH; only Debian's Python finds Debian's packages. */
const pythons = ['python3', '/usr/bin/python3']

interface Found {
  python: string
  version: string
}

function findPython({ environment }: Bench): Found | undefined {
  for (const python of pythons) {
    const said = versionOf(python, ['-c', question], environment)
    const [version, tesseract] = said?.trim().split(' ') ?? []
    if (tesseract !== undefined) {
      return { python, version: `tesserocr ${version}, tesseract ${tesseract}` }
    }
  }
  return undefined
}

/** The reference for all other systems. */
export const tesserocr: System = {
  name: 'tesserocr pool',
  label: 'tesserocr pool',
  family: 'peer',
  exitCodes: [0],
  find(bench): Presence {
    const found = findPython(bench)
    return found === undefined
      ? { kind: 'absent', cure }
      : { kind: 'installed', version: found.version }
  },
  commandFor: ({ list, cores, languages, tessdata }, bench) => ({
    program: findPython(bench)?.python ?? 'python3',
    arguments: [driver, list, String(cores), languages, String(psm), tessdata],
  }),
}

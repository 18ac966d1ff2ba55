import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { psm, type System } from './system.ts'

const driver = join(import.meta.dirname, '../drivers', 'tesseract-js-scheduler.mjs')

/** tesseract.js as its README recommends for many pages. */
export const tesseractJs: System = {
  name: 'tesseract.js Scheduler',
  label: 'tesseract.js Scheduler',
  family: 'peer',
  exitCodes: [0],
  find({ repository }) {
    const file = join(repository, 'node_modules', 'tesseract.js', 'package.json')
    const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
    return { kind: 'installed', version: `tesseract.js ${version}` }
  },
  commandFor: ({ list, cores, languages, tessdata }, { node }) => ({
    program: node,
    arguments: [driver, list, String(cores), languages, String(psm), tessdata],
  }),
}

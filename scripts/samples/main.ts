import { join } from 'node:path'
import { requireFonts } from './fonts.ts'
import { ledger } from './ledger.ts'
import { letters } from './letters.ts'
import { notices } from './notices.ts'
import { writePage } from './page.ts'
import { prose } from './prose.ts'

const root = join(import.meta.dirname, '../..')

try {
  requireFonts()
  for (const page of [...letters, ...ledger, ...notices, ...prose]) {
    await writePage(page, join(root, 'samples'), join(root, 'test/fixtures/truth'))
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

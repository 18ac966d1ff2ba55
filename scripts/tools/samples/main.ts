import { join } from 'node:path'
import { requireFonts } from './fonts.ts'
import { ledger } from './ledger.ts'
import { letters } from './letters.ts'
import { notices } from './notices.ts'
import { writeSamplePage } from './page.ts'
import { prose } from './prose.ts'
import { packageRoot } from '../../../shared/files/package-root.ts'

try {
  requireFonts()
  for (const page of [...letters, ...ledger, ...notices, ...prose]) {
    await writeSamplePage(
      page,
      join(packageRoot, 'samples'),
      join(packageRoot, 'test/fixtures/truth'),
    )
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

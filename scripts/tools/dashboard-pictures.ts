import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { packageRoot } from '../../shared/files/package-root.ts'
import { createClient } from '../client/client.ts'

/**
 * Photographs the dashboard of a running service to docs/dashboard/: the fleet, a run with failures, and a document. The
 * service needs a folder run that has failures and has read a picture.
 */
const [address, program = '/usr/bin/chromium'] = process.argv.slice(2)
if (address === undefined)
  throw new Error('usage: npm run dashboard:pictures -- ADDRESS [CHROMIUM]')

const client = createClient(address)
const first = async (path: string): Promise<string> => {
  const { items } = await client.json<{ items: { id: string }[] }>(path)
  const id = items[0]?.id
  if (id === undefined) throw new Error(`${path} lists nothing`)
  return id
}
const run = await first('/v1/runs?source=folder&state=finished&limit=1')
const document = await first(`/v1/documents?run=${run}&name=scriptorium&outcome=succeeded&limit=1`)
const views = {
  fleet: '/',
  run: `/runs/${run}`,
  document: `/documents/${document}`,
}

const folder = join(packageRoot, 'docs/dashboard')
mkdirSync(folder, { recursive: true })
// Chromium's own sandbox refuses to start as root.
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
const browser = await chromium.launch({ executablePath: program, args })
try {
  const page = await browser.newPage({
    baseURL: address,
    viewport: { width: 1_200, height: 800 },
    locale: 'en-GB',
  })
  for (const [name, path] of Object.entries(views)) await photograph(page, name, path)
} finally {
  await browser.close()
}

async function photograph(page: Page, name: string, path: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.getByText('Loading …').first().waitFor({ state: 'detached' })
  await page.getByText('is being rendered').waitFor({ state: 'detached' })
  await page.waitForLoadState('networkidle', { timeout: 10_000 }).catch(isLive)
  const file = join(folder, `${name}.png`)
  const { size } = await sharp(await page.screenshot())
    .png({ palette: true, colours: 64, compressionLevel: 9 })
    .toFile(file)
  process.stdout.write(`${file} is written: ${size} bytes\n`)
}

/** A view that follows events is never idle. */
function isLive(): void {}

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { repository } from '../processes/processes.ts'
import { requireBuilt } from './built.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const program = process.env['CHROMIUM'] ?? places.find((place) => existsSync(place))

/** The reason to skip a test that needs a browser; false where there is one. */
export const withoutBrowser: string | false =
  program === undefined ? 'chromium is not installed: apt-get install chromium' : false

/** Starts Debian's chromium; the caller closes it. */
export async function startBrowser(): Promise<Browser> {
  if (program === undefined) throw new Error('chromium is not installed')
  // Chromium's own sandbox refuses to start as root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: program, args })
}

/** One browser for all tests of a file, which is closed after them; absent without chromium. */
export function shareBrowser(): () => Browser {
  let browser: Browser | undefined
  before(async () => {
    if (withoutBrowser !== false) return
    await requireBuilt()
    browser = await startBrowser()
  })
  after(() => browser?.close())
  return () => {
    assert.ok(browser)
    return browser
  }
}

/** A page of a new profile, and what the browser complained about on it. */
export interface Tab {
  page: Page
  /** Messages of the console and uncaught errors; a refused script or style is one. */
  complaints: string[]
}

export async function openTab(
  browser: Browser,
  address: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Tab & { context: BrowserContext }> {
  const context = await browser.newContext({ baseURL: address, locale: 'en-GB', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The browser reports each answer of an error status by itself.
    const isStatus = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isStatus) complaints.push(message.text())
  })
  return { page, complaints, context }
}

/** Fails for each violation of the rules of axe-core, WCAG 2.2 AA and its best practices, on the page as it is shown. */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  const axe = readFileSync(join(repository, 'node_modules/axe-core/axe.min.js'), 'utf8')
  await page.evaluate(axe)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  const found = violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
  )
  assert.deepEqual(found, [], name)
}

/** Fails where the page is wider than the window. */
export async function assertFits(page: Page, name: string): Promise<void> {
  const excess = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
  assert.equal(Math.max(0, Number(excess)), 0, `${name} is wider than the window`)
}

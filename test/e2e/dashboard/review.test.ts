import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { createClient } from '../../../scripts/client/client.ts'
import { words } from '../../fixtures/engines/unsure.ts'
import { bearer, tokenEntry } from '../../helpers/api/tokens.ts'
import {
  assertAccessible,
  assertFits,
  openTab,
  startBrowser,
  withoutBrowser,
} from '../../helpers/dashboard/browser.ts'
import { requireBuilt } from '../../helpers/dashboard/built.ts'
import { writePages } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const markup = '<img src=x onerror=document.title=1>'
const secretOf = (name: string): string => bearer(name).headers.authorization.replace('Bearer ', '')

async function enter(page: Page, name: string): Promise<void> {
  await page.getByLabel('Token').fill(secretOf(name))
  await page.getByRole('button', { name: 'Continue' }).click()
}

test(
  'a page is corrected by keyboard, word by word, and its output files change',
  { skip: withoutBrowser },
  async (t) => {
    await requireBuilt()
    const scene = createScene(t)
    const [scans, output] = [join(scene.folder, 'scans'), join(scene.folder, 'output')]
    mkdirSync(scans)
    await writePages(scans, ['first.png', 'second.png'])
    const tokens = [tokenEntry('reviewer', 'read+submit'), tokenEntry('reader', 'read')].join(',')
    const { address } = await startService(scene, {
      SCRIPTORIUM_ENGINE: join(repository, 'test/fixtures/engines/unsure.ts'),
      SCRIPTORIUM_ROOTS: `scans=${scans}`,
      SCRIPTORIUM_OUTPUT: output,
      SCRIPTORIUM_TOKENS: tokens,
    })
    const client = createClient(address, secretOf('reviewer'))
    const run = await client.startRun({ root: 'scans', path: '', formats: ['txt', 'hocr', 'json'] })
    await waitFor('the run ends', async () => (await client.run(run.id)).state !== 'active')

    const browser = await startBrowser()
    t.after(() => browser.close())
    const { page, complaints, context } = await openTab(browser, address)
    await page.goto(`/review?run=${run.id}`)
    await enter(page, 'reviewer')
    await page.getByRole('link', { name: 'first.png' }).waitFor()
    await page.getByRole('link', { name: 'second.png' }).waitFor()
    await assertAccessible(page, 'the list of pages to check')
    await page.getByRole('link', { name: 'first.png' }).click()
    await page.getByText('0 of 20 unsure words checked.').waitFor()
    await page.locator('.cut image').waitFor()
    await assertAccessible(page, 'a page to correct')

    // Only keys from here on: the first word is typed, the second passed by with Tab, the others are accepted.
    const field = page.getByLabel('Word')
    const began = performance.now()
    assert.equal(await field.inputValue(), words[0])
    await page.keyboard.type(markup)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Shift+Tab')
    assert.equal(await field.inputValue(), words[1])
    await page.keyboard.type('mast er')
    for (let word = 1; word < words.length; word += 1) await page.keyboard.press('Enter')
    await page.getByText('20 of 20 unsure words checked.').waitFor()
    assert.equal(await page.title(), 'first.png – Scriptorium', 'typed markup is text')
    await page.keyboard.press('Enter')
    // The next page of the list follows.
    await page.getByRole('heading', { name: 'second.png' }).waitFor()
    t.diagnostic(`20 words by keyboard in ${Math.round(performance.now() - began)} ms`)

    const right = `${markup} mast er ${words.slice(2, 10).join(' ')}\n${words.slice(10).join(' ')}\n`
    const file = join(output, 'scans', 'first.png')
    await waitFor('the file changes', () => readFileSync(`${file}.txt`, 'utf8') === right)
    const hocr = await waitFor('hOCR has it', () => {
      const text = readFileSync(`${file}.hocr`, 'utf8')
      return text.includes('onerror') && text
    })
    assert.ok(!hocr.includes('<img'), 'as text')
    await page.goto('/documents')
    await page.getByRole('link', { name: 'first.png' }).click()
    await page.getByText('Corrected by reviewer').waitFor()
    await page.locator('.text', { hasText: markup }).waitFor()
    assert.equal(await page.locator('img').count(), 0)
    assert.deepEqual(complaints, [])

    const phone = await openTab(browser, address, {
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
    })
    await phone.page.goto('/review')
    await enter(phone.page, 'reader')
    await phone.page.getByRole('link', { name: 'second.png' }).click()
    await phone.page.getByText('This token may read, and not correct').waitFor()
    assert.equal(await phone.page.getByLabel('Word').count(), 0)
    await assertAccessible(phone.page, 'a page that may not be corrected')
    await assertFits(phone.page, 'a page that may not be corrected')
    const [{ documentId } = { documentId: '' }] = (
      await client.json<{ items: { documentId: string }[] }>('/v1/review')
    ).items
    const refused = await fetch(`${address}/v1/documents/${documentId}/pages/1/text`, {
      method: 'PUT',
      headers: { ...bearer('reader').headers, 'content-type': 'application/json' },
      body: JSON.stringify({ revision: 0, lines: ['', ''] }),
    })
    assert.equal(refused.status, 403)
    await Promise.all([context.close(), phone.context.close()])
  },
)

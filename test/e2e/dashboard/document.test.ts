import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  assertAccessible,
  assertFits,
  openTab,
  startBrowser,
  withoutBrowser,
} from '../../helpers/dashboard/browser.ts'
import { requireBuilt } from '../../helpers/dashboard/built.ts'
import { textOf } from '../../helpers/pages/pages.ts'
import { pdfOf } from '../../helpers/pages/scanned-pdf.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'

const pagesTotal = 100
const lineOf = (page: number): string => `The harbour master signs page ${page} of the long ledger`

test(
  'a page is shown with its words in boxes; the pointer and keys show them, enlarge it and turn pages',
  { skip: withoutBrowser },
  async (t) => {
    await requireBuilt()
    const { address, client, data } = await startService(createScene(t))
    const browser = await startBrowser()
    t.after(() => browser.close())
    const one = oneOf(await client.upload([await fileOf('one')]))
    const two = oneOf(await client.upload([await fileOf('two')]))
    const pages = Array.from({ length: pagesTotal }, (_, index) => ({
      width: 595,
      height: 842,
      text: { lines: [lineOf(index + 1)], mode: 0 as const },
    }))
    const long = oneOf(await client.upload([new File([new Uint8Array(pdfOf(pages))], 'long.pdf')]))
    for (const { id } of [one, two, long]) await client.document(id, 120)

    const { page, complaints } = await openTab(browser, address)
    await page.goto(`/documents/${one.id}`)
    const image = page.locator('.layout image')
    await image.waitFor()
    assert.match((await image.getAttribute('href')) ?? '', /^blob:/)
    await assertAccessible(page, 'a page with its picture')
    await assertFits(page, 'a page with its picture')

    const word = await textOf('one')
    await page.locator('.layout g[data-word="1"]').hover()
    await page.locator('.text .pointed', { hasText: word }).waitFor()
    await page.getByText(`“${word}”`).waitFor()
    await page.locator('.text [data-word="1"]').hover()
    await page.locator('.layout .pointed').waitFor()

    const pane = page.getByRole('region', { name: 'Page', exact: true })
    await pane.focus()
    await page.keyboard.press('+')
    await page.keyboard.press('+')
    assert.ok(await page.getByRole('button', { name: 'Whole page' }).isEnabled())
    await page.keyboard.press('0')
    assert.ok(await page.getByRole('button', { name: 'Whole page' }).isDisabled())

    // Each page of a long document is asked for by itself.
    await page.goto(`/documents/${long.id}?page=57`)
    await page.locator('.text', { hasText: lineOf(57) }).waitFor()
    await image.waitFor()
    await pane.focus()
    await page.keyboard.press('n')
    await page.locator('.text', { hasText: lineOf(58) }).waitFor()
    await image.waitFor()
    await page.getByLabel('Page', { exact: true }).and(page.locator('input')).fill('100')
    await page.keyboard.press('Enter')
    await page.locator('.text', { hasText: lineOf(100) }).waitFor()
    await image.waitFor()
    assert.match(page.url(), /page=100/)

    // Without a picture the view shows the words in their places, and the reason.
    const inputs = join(data, 'spool/inputs')
    for (const name of readdirSync(inputs)) rmSync(join(inputs, name))
    await page.goto(`/documents/${two.id}`)
    await page.getByText('No picture: two.png no longer exists').waitFor()
    await page.locator('.layout text', { hasText: await textOf('two') }).waitFor()
    assert.deepEqual(complaints, [])
  },
)

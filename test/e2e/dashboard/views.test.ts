import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertAccessible,
  assertFits,
  openTab,
  startBrowser,
  withoutBrowser,
} from '../../helpers/dashboard/browser.ts'
import { requireBuilt } from '../../helpers/dashboard/built.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'

const windows = {
  'a phone': { viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
  'a desk': { viewport: { width: 1_280, height: 800 }, colorScheme: 'light' },
  'a wall': { viewport: { width: 2_560, height: 1_440 }, colorScheme: 'dark' },
} as const

const views = { '/': 'Fleet' }

test(
  'every view is accessible, fits its window and keeps the policy, empty and filled',
  { skip: withoutBrowser },
  async (t) => {
    requireBuilt()
    const { address, client } = await startService(createScene(t))
    const browser = await startBrowser()
    t.after(() => browser.close())

    const visit = async (name: string, options: (typeof windows)[keyof typeof windows]) => {
      const { page, complaints, context } = await openTab(browser, address, options)
      for (const [path, title] of Object.entries(views)) {
        await page.goto(path)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
        await page.getByText('Loading …').first().waitFor({ state: 'detached' })
        await assertAccessible(page, `${path} on ${name}`)
        await assertFits(page, `${path} on ${name}`)
      }
      assert.deepEqual(complaints, [], name)
      await context.close()
    }

    await visit('a desk, empty', windows['a desk'])
    const { id } = oneOf(await client.upload([await fileOf('first')]))
    await client.document(id, 60)
    for (const [name, options] of Object.entries(windows)) await visit(name, options)
  },
)

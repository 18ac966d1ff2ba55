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

const views = {
  '/': 'Fleet',
  '/documents': 'Documents',
  '/documents?outcome=failed': 'Documents',
  '/runs': 'Runs',
  '/runs/new': 'Read a folder',
  '/upload': 'Upload',
  '/review': 'Review',
  '/review?below=1.01': 'Review',
  '/search': 'Search',
  '/search?q=nothing': 'Search',
  '/system': 'System',
  '/documents/unknown': 'Document',
}

test(
  'every view is accessible, fits its window and keeps the policy, empty and filled',
  { skip: withoutBrowser },
  async (t) => {
    await requireBuilt()
    const { address, client } = await startService(createScene(t))
    const browser = await startBrowser()
    t.after(() => browser.close())

    const visit = async (
      name: string,
      options: (typeof windows)[keyof typeof windows],
      more: Record<string, string> = {},
    ) => {
      const { page, complaints, context } = await openTab(browser, address, options)
      for (const [path, title] of Object.entries({ ...views, ...more })) {
        await page.goto(path)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
        await page.getByText('Loading …').first().waitFor({ state: 'detached' })
        // The rules are the same on any width; two windows have both themes.
        if (name !== 'a wall') await assertAccessible(page, `${path} on ${name}`)
        await assertFits(page, `${path} on ${name}`)
      }
      assert.deepEqual(complaints, [], name)
      await context.close()
    }

    await visit('a desk, empty', windows['a desk'])
    const read = oneOf(await client.upload([await fileOf('first')]))
    const failed = oneOf(await client.upload([new File(['%PDF-1.7 and no more'], 'broken.pdf')]))
    for (const { id } of [read, failed]) await client.document(id, 60)
    const filled = {
      [`/documents/${read.id}`]: 'first.png',
      [`/documents/${failed.id}`]: 'broken.pdf',
      [`/runs/${failed.runId}`]: 'Upload',
    }
    for (const [name, options] of Object.entries(windows)) await visit(name, options, filled)
  },
)

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RunView } from '../../../services/api/schemas/run.ts'
import { openTab, shareBrowser, withoutBrowser } from '../../helpers/dashboard/browser.ts'
import { writePages } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const skip = withoutBrowser
const started = shareBrowser()

test(
  'a folder is tried, looked at and read to its end; its failures are grouped, cured and retried by cause',
  { skip },
  async (t) => {
    const scene = createScene(t)
    const scans = join(scene.folder, 'scans')
    mkdirSync(scans)
    const sound = Array.from({ length: 22 }, (_, index) => `page-${index}.png`)
    await writePages(scans, sound)
    writeFileSync(join(scans, 'broken.pdf'), '%PDF-1.7 and no more')
    for (const name of ['notes-1.png', 'notes-2.png'])
      writeFileSync(join(scans, name), 'some notes')
    const { address, client } = await startService(scene, { SCRIPTORIUM_ROOTS: `scans=${scans}` })
    const { page, complaints } = await openTab(started(), address)
    const latest = async (): Promise<RunView | undefined> =>
      (await client.json<{ items: RunView[] }>('/v1/runs?limit=1')).items[0]

    await page.goto('/runs')
    await page.getByRole('link', { name: 'Read a folder' }).click()
    await page.getByLabel('Tag').fill('archive')
    await page.getByLabel('Accuracy').selectOption('fast')
    await page.getByRole('button', { name: 'Try 20 files first' }).click()
    await page.getByRole('button', { name: 'Read the rest' }).click()
    const run = await waitFor('it is finished', async () => {
      const found = await latest()
      return found?.state === 'finished' && found
    })
    assert.deepEqual([run.tag, run.recipe.preset, run.counts['rejected']], ['archive', 'fast', 3])

    const group = page.getByRole('listitem').filter({ hasText: 'unsupported_type' })
    await group.getByText('2 documents:').waitFor()
    await group.getByText('Convert it to PDF, TIFF, PNG or JPEG.').waitFor()
    await writePages(scans, ['notes-1.png', 'notes-2.png'])
    await group.getByRole('button', { name: 'Retry 2 documents' }).click()
    await waitFor('they are read', async () => (await latest())?.counts['rejected'] === 1)
    await group.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Least confident pages' }).waitFor()

    // The list of its failures, and a choice of them.
    await page.goto(`/documents?run=${run.id}&error=corrupt_pdf`)
    await page.getByLabel('Choose broken.pdf').check()
    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Delete 1 document' }).click()
    await page.getByText('No document matches the filter.').waitFor()
    await page.getByLabel('Error').selectOption('')
    await page.getByLabel('Name contains').fill('PAGE-7')
    await page.getByLabel('Name contains').press('Enter')
    await page.getByRole('link', { name: 'page-7.png' }).waitFor()
    assert.equal(await page.getByRole('row').count(), 2)
    await page.getByLabel('Choose page-7.png').check()
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download 1 text' }).click(),
    ])
    assert.equal(saved.suggestedFilename(), 'texts.zip')
    assert.deepEqual(complaints, [])
  },
)

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTab, startBrowser, withoutBrowser } from '../../helpers/dashboard/browser.ts'
import { requireBuilt } from '../../helpers/dashboard/built.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'

test(
  'a view says that the service is away, and goes on when it is back',
  { skip: withoutBrowser },
  async (t) => {
    await requireBuilt()
    const scene = createScene(t)
    const first = await startService(scene)
    const browser = await startBrowser()
    t.after(() => browser.close())
    const { page } = await openTab(browser, first.address)

    // Paused, so that the document is still open when the service stops.
    await page.goto('/')
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('Paused', { exact: true }).waitFor()
    const { id } = oneOf(await first.client.upload([await fileOf('page')]))
    await page.goto(`/documents/${id}`)
    await page.getByText('Waiting', { exact: true }).waitFor()

    first.program.kill('SIGTERM')
    await first.program.ended
    await page.getByText('The service does not answer.').waitFor()
    await page.getByRole('heading', { name: 'page.png' }).waitFor()

    const { port } = new URL(first.address)
    const second = await startService(scene, { PORT: port })
    assert.equal(second.address, first.address)
    await page.getByText('The service does not answer.').waitFor({ state: 'detached' })
    await fetch(`${second.address}/v1/queue`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ paused: false }),
    })
    await page.getByText('Read', { exact: true }).waitFor()
  },
)

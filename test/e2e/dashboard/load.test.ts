import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTab, shareBrowser, withoutBrowser } from '../../helpers/dashboard/browser.ts'
import { standBefore } from '../../helpers/dashboard/stand-in.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'

const skip = withoutBrowser
const started = shareBrowser()

interface Seen {
  frames: number
  changes: number
  longestMs: number
}

/** Counts frames and changes of the document in the browser, from the page's load on. */
const watchFrames = `
  var seen = (globalThis.seen = { frames: 0, changes: 0, longestMs: 0 })
  let last = 0
  const frame = () => {
    const now = performance.now()
    seen.frames += 1
    seen.longestMs = Math.max(seen.longestMs, now - last)
    last = now
    requestAnimationFrame(frame)
  }
  addEventListener('load', () => {
    last = performance.now()
    requestAnimationFrame(frame)
    const all = { subtree: true, childList: true, characterData: true }
    new MutationObserver(() => (seen.changes += 1)).observe(document.querySelector('#app'), all)
  })`

const dropFiles = `
  const dataTransfer = new DataTransfer()
  for (let index = 0; index < 10000; index += 1) {
    dataTransfer.items.add(new File(['page ' + index], 'page-' + index + '.png'))
  }
  document.querySelector('.drop').dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer }))`

test(
  'a run with 1 000 events in a second is shown once a frame, up to its last event',
  { skip },
  async (t) => {
    const { address, client } = await startService(createScene(t))
    const { runId } = oneOf(await client.upload([await fileOf('first')]))
    const run = await client.json<object>(`/v1/runs/${runId}`)
    const total = 3_000
    const rowOf = (done: number) => ({
      ...run,
      source: 'folder',
      state: 'active',
      isPlanned: true,
      counts: { succeeded: done, open: 100_000 - done },
    })
    const json = (value: object): string => JSON.stringify(value)
    const front = await standBefore(t, address, {
      [`GET /v1/runs/${runId}`](_, response) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(json(rowOf(0)))
      },
      [`GET /v1/runs/${runId}/events`](_, response) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        let sent = 0
        const timer = setInterval(() => {
          for (let index = 0; index < 10 && sent < total; index += 1) {
            sent += 1
            response.write(`id: ${sent}\nevent: progress\ndata: ${json(rowOf(sent))}\n\n`)
          }
        }, 10)
        response.on('close', () => clearInterval(timer))
      },
    })
    const { page, complaints } = await openTab(started(), front)
    await page.addInitScript({ content: watchFrames })
    await page.goto(`/runs/${runId}`)
    await page.getByText('3,000 of 100,000').first().waitFor()
    const seen = await page.evaluate<Seen>('seen')
    t.diagnostic(
      `${seen.changes} changes in ${seen.frames} frames, the longest ${seen.longestMs} ms`,
    )
    assert.ok(seen.changes <= seen.frames + 50, json(seen))
    assert.deepEqual(complaints, [])
  },
)

test(
  '10 000 files dropped at once go up 4 at a time while the page answers',
  { skip },
  async (t) => {
    const { address, client } = await startService(createScene(t))
    const document = await client.json<object>(
      `/v1/documents/${oneOf(await client.upload([await fileOf('first')])).id}`,
    )
    let sending = 0
    let most = 0
    let accepted = 0
    const front = await standBefore(t, address, {
      'POST /v1/documents'(request, response) {
        sending += 1
        most = Math.max(most, sending)
        request.resume().on('end', () => {
          setTimeout(() => {
            sending -= 1
            accepted += 1
            response.writeHead(202, { 'content-type': 'application/json' })
            response.end(JSON.stringify({ ...document, status: 'queued', outcome: null }))
          }, 1)
        })
      },
    })
    const { page, complaints } = await openTab(started(), front)
    await page.goto('/upload')
    await page.getByRole('button', { name: 'Choose files' }).waitFor()
    await page.evaluate(dropFiles)
    await page.getByRole('heading', { name: '10,000 files' }).waitFor()
    assert.ok((await page.getByRole('listitem').count()) < 500, 'the list is summarised')
    await page.getByLabel('Tag').fill('while it sends')
    await page.getByRole('link', { name: 'Fleet' }).click()
    await page.getByRole('heading', { level: 1, name: 'Fleet' }).waitFor()
    await page.getByRole('link', { name: 'Upload' }).click()
    await page.getByText('and 9,800 more').waitFor()
    assert.ok(accepted > 0)
    assert.ok(most <= 4, `${most} at once`)
    assert.deepEqual(complaints, [])
    await page.close()
  },
)

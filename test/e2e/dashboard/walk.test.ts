import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { bearer, tokenEntry } from '../../helpers/api/tokens.ts'
import { openTab, shareBrowser, withoutBrowser } from '../../helpers/dashboard/browser.ts'
import { pngOf, textOf } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'

const skip = withoutBrowser
const markup = '<img src=x onerror=document.title=1>'
const started = shareBrowser()

/** Gives files to the page as the dialog of a browser does. */
const choose = (page: Page, ...files: { name: string; buffer: Buffer }[]): Promise<void> =>
  page
    .getByLabel('Files', { exact: true })
    .setInputFiles(files.map((file) => ({ ...file, mimeType: 'application/octet-stream' })))

test(
  'files go up and their text appears; the same file, a wrong type and a large file are explained',
  { skip },
  async (t) => {
    const { address } = await startService(createScene(t), { SCRIPTORIUM_MAX_FILE_BYTES: '100000' })
    const { page, complaints } = await openTab(started(), address)
    const loaded = await page.goto('/upload')
    const policy = loaded?.headers()['content-security-policy'] ?? ''
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)

    const buffer = await pngOf('first')
    await choose(
      page,
      { name: 'first.png', buffer },
      { name: 'notes.txt', buffer: Buffer.from('these are notes') },
      { name: 'large.png', buffer: Buffer.alloc(100_001) },
      { name: 'empty.png', buffer: Buffer.alloc(0) },
    )
    const item = (name: string) => page.getByRole('listitem').filter({ hasText: name })
    await item('first.png')
      .getByText(await textOf('first'))
      .waitFor()
    await item('notes.txt').getByText('is not an image or a PDF').waitFor()
    await item('large.png').getByText('the service permits 100 kB').waitFor()
    await item('empty.png').getByText('0 bytes').first().waitFor()

    await choose(page, { name: 'again.png', buffer })
    await item('again.png').getByText('The same file was read before').waitFor()

    // The list stays while another view is shown. A hit of a search opens its page with the word marked.
    const word = await textOf('first')
    await page.getByRole('link', { name: 'Search' }).click()
    await page.getByRole('searchbox').fill(word)
    await page.getByRole('searchbox').press('Enter')
    await page.getByRole('link', { name: 'again.png' }).click()
    await page.locator('.text mark', { hasText: word }).waitFor()
    assert.match(page.url(), /\/documents\/\w+\?page=1&q=/)
    await page.getByRole('link', { name: 'Upload' }).click()
    await item('first.png').waitFor()
    assert.deepEqual(complaints, [])
  },
)

test(
  'a failed file shows its cause and cure, and is read when it is retried',
  { skip },
  async (t) => {
    const scene = createScene(t)
    const { address, client } = await startService(scene)
    const { page, complaints } = await openTab(started(), address)
    const broken = join(scene.folder, 'broken')
    writeFileSync(broken, '')
    const options = { attempts: 1 }
    const { id, runId } = oneOf(await client.upload([await fileOf('page')], { options }))
    await page.goto(`/documents/${id}`)
    await page.getByText('The engine reported an error.').waitFor()
    await page.getByText('the engine failed: it is broken').waitFor()

    await page.goto(`/runs/${runId}`)
    const group = page.getByRole('listitem').filter({ hasText: 'engine_failed' })
    await group.getByText('1 document:').waitFor()
    await group.getByText('check the language model, then retry').waitFor()

    rmSync(broken)
    await page.getByRole('button', { name: 'Retry the failed document' }).click()
    await page
      .getByRole('region', { name: 'Documents of the run' })
      .getByText('Read', { exact: true })
      .waitFor()
    await page.getByRole('link', { name: 'page.png' }).click()
    await page
      .locator('.text')
      .getByText(await textOf('page'))
      .waitFor()
    assert.deepEqual(complaints, [])
  },
)

test('names, tags and recognised text with markup are shown as text', { skip }, async (t) => {
  const { address, client } = await startService(createScene(t))
  const { page, complaints } = await openTab(started(), address)
  const file = await fileOf('page', `${markup}.png`)
  const { id } = oneOf(await client.upload([file], { options: { tag: markup } }))
  await client.document(id, 60)
  const word = await textOf('page')
  // The engine of the tests reads no markup, so the answers get it on their way.
  await page.route(/\/v1\/(documents\/\w+\/result|search)/, async (route) => {
    const answer = await route.fetch()
    const text = await answer.text()
    const isSnippet = route.request().url().includes('/search')
    const quoted = JSON.stringify(markup).slice(1, -1)
    const escaped = quoted.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    await route.fulfill({
      response: answer,
      body: text.replaceAll(word, isSnippet ? `${word} ${escaped}` : quoted),
    })
  })
  for (const path of ['/', '/documents', `/documents/${id}`, '/runs', `/search?q=${word}`]) {
    await page.goto(path)
    await page.getByText(markup).first().waitFor()
    assert.equal(await page.locator('img').count(), 0, path)
    assert.notEqual(await page.title(), '1', path)
  }
  assert.deepEqual(complaints, [])
})

test(
  'a token is asked for once, an unknown one is refused, and views follow its scopes',
  { skip },
  async (t) => {
    const tokens = [tokenEntry('reader', 'read'), tokenEntry('scanner', 'submit')].join(',')
    const { address } = await startService(createScene(t), { SCRIPTORIUM_TOKENS: tokens })
    const { page, complaints, context } = await openTab(started(), address)
    const secretOf = (name: string): string =>
      bearer(name).headers.authorization.replace('Bearer ', '')
    const enter = async (secret: string): Promise<void> => {
      await page.getByLabel('Token').fill(secret)
      await page.getByRole('button', { name: 'Continue' }).click()
    }
    const views = (): Promise<string[]> =>
      page.getByRole('navigation', { name: 'Views' }).getByRole('link').allTextContents()

    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url()))
    await page.goto('/documents')
    await enter('no-such-secret')
    await page.getByText('The service does not know this token.').waitFor()
    await enter(secretOf('reader'))
    await page.getByRole('heading', { name: 'Documents' }).waitFor()
    assert.deepEqual(await views(), ['Fleet', 'Documents', 'Runs', 'Review', 'Search', 'System'])
    await page.goto('/')
    await page.getByRole('heading', { name: 'Fleet' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Pause' }).count(), 0)
    await page.goto('/upload')
    await page.getByText('lacks the scope').waitFor()

    await page.getByRole('button', { name: 'Forget token' }).click()
    await enter(secretOf('scanner'))
    await page.getByRole('button', { name: 'Choose files' }).waitFor()
    assert.deepEqual(await views(), ['Upload'])
    await choose(page, { name: 'sent.png', buffer: await pngOf('sent') })
    await page.getByText('Accepted', { exact: true }).waitFor()
    assert.ok(urls.every((url) => !url.includes('secret-of')))
    assert.deepEqual((await context.cookies()).length, 0)
    assert.deepEqual(complaints, [])
  },
)

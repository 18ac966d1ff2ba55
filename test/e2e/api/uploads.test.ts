import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BBox } from '../../../shared/contract/result/layout.ts'
import type { DocumentView } from '../../../services/api/schemas/document.ts'
import { pngOf, textOf, tiffOf, writeOld } from '../../helpers/pages/pages.ts'
import { repository } from '../../helpers/processes/processes.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import {
  fileOf,
  logLines,
  oneOf,
  severalOf,
  startService,
} from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

test('Every form of upload is read', async (t) => {
  const scene = createScene(t)
  const scans = join(scene.folder, 'scans')
  mkdirSync(scans)
  const service = await startService(scene, { SCRIPTORIUM_ROOTS: `scans=${scans}` })
  const { client, address, data } = service

  await t.test('one file, with its text in the answer', async () => {
    const form = new FormData()
    form.append('files', await fileOf('one'))
    const response = await fetch(`${address}/v1/documents?wait=30`, {
      method: 'POST',
      body: form,
      headers: { accept: 'text/plain' },
    })
    assert.equal(response.status, 200)
    assert.equal(await response.text(), `${await textOf('one')}\n`)
  })

  await t.test('several files, good and bad', async () => {
    const names = ['first', 'second', 'third']
    const files = await Promise.all(names.map((name) => fileOf(name)))
    const bad = new File(['this is no image'], 'bad.png')
    const sent = await client.upload([...files.slice(0, 2), bad, ...files.slice(2)], { wait: 30 })
    const { documents, rejected, runId } = severalOf(sent)
    assert.deepEqual(
      documents.map(({ name, outcome, result }) => [name, outcome, result?.pages[0]?.text]),
      await Promise.all(
        names.map(async (name) => [`${name}.png`, 'succeeded', await textOf(name)]),
      ),
    )
    assert.deepEqual(
      rejected.map(({ name, code }) => [name, code]),
      [['bad.png', 'unsupported_type']],
    )
    const run = await waitFor('the run has ended', async () => {
      const view = await client.run(runId)
      return view.state === 'finished' && view
    })
    assert.deepEqual(run.counts, { succeeded: 3 })
  })

  await t.test('a raw body, base64 and a path below a root', async () => {
    const raw = await fetch(`${address}/v1/documents?wait=30&name=raw.png`, {
      method: 'POST',
      body: new Uint8Array(await pngOf('raw')),
      headers: { 'content-type': 'image/png' },
    })
    const inBody = await client.post<DocumentView>('/v1/documents?wait=30', {
      source: {
        type: 'base64',
        data: (await pngOf('inline')).toString('base64'),
        name: 'inline.png',
      },
    })
    writeOld(join(scans, 'deep', 'path.png'), await pngOf('path'))
    const byPath = await client.post<DocumentView>('/v1/documents?wait=30', {
      source: { type: 'path', root: 'scans', path: 'deep/path.png' },
    })
    const views = [(await raw.json()) as DocumentView, inBody, byPath]
    for (const [index, name] of ['raw', 'inline', 'path'].entries()) {
      assert.equal(views[index]?.name, `${name}.png`)
      assert.equal(await client.text(views[index]?.id ?? ''), `${await textOf(name)}\n`)
    }
  })

  await t.test('several pages in one file, read separately', async () => {
    const seeds = ['page 1', 'page 2', 'page 3']
    const file = new File([new Uint8Array(await tiffOf(seeds))], 'book.tif')
    const view = oneOf(await client.upload([file], { wait: 30 }))
    assert.deepEqual([view.outcome, view.progress], ['succeeded', { pagesDone: 3, pagesTotal: 3 }])
    const { pages } = await client.result(view.id)
    assert.deepEqual(
      pages.map(({ text }) => text),
      await Promise.all(seeds.map(textOf)),
    )
  })

  await t.test(
    'the same bytes again are recognised, under another tag too, and not read again',
    async () => {
      const file = await fileOf('twice')
      const first = oneOf(await client.upload([file], { wait: 30, options: { tag: 'first' } }))
      const again = await fetch(`${address}/v1/documents`, {
        method: 'POST',
        body: formWith(file, { tag: 'second' }),
      })
      assert.equal(again.status, 200)
      const known = (await again.json()) as DocumentView
      assert.deepEqual([known.id, known.status, known.tag], [first.id, 'finished', 'second'])
      const run = await waitFor('its run has ended', async () => {
        const view = await client.run(known.runId)
        return view.state === 'finished' && view
      })
      for (const tag of ['first', 'second']) {
        const ids: string[] = []
        for await (const { id } of client.all<DocumentView>(`/v1/documents?tag=${tag}`))
          ids.push(id)
        assert.deepEqual(ids, [first.id], tag)
      }
      assert.deepEqual(run.counts, { succeeded: 1 })
      const sha256 = hash('sha256', await pngOf('twice'))
      const { documents } = await client.post<{ documents: object[] }>('/v1/documents/check', {
        documents: [{ sha256 }, { sha256: hash('sha256', 'never seen') }],
      })
      assert.deepEqual(documents, [
        { sha256, status: 'known', documentId: first.id },
        { sha256: hash('sha256', 'never seen'), status: 'unknown', documentId: null },
      ])
      assert.equal(scene.readings().get('twice.png#1'), 1)
    },
  )

  await t.test('concurrent uploads of the same bytes are read once', async () => {
    const file = await fileOf('together')
    const views = await Promise.all(
      Array.from({ length: 8 }, async () => oneOf(await client.upload([file], { wait: 30 }))),
    )
    assert.equal(new Set(views.map(({ id }) => id)).size, 1)
    assert.equal(new Set(views.map(({ runId }) => runId)).size, 8)
    assert.ok(views.every(({ outcome }) => outcome === 'succeeded'))
    assert.equal(scene.readings().get('together.png#1'), 1)
  })

  await t.test(
    'a deleted upload leaves nothing, and is read again when it is uploaded again',
    async () => {
      const file = await fileOf('gone')
      const view = oneOf(await client.upload([file], { wait: 30 }))
      const input = join(data, 'spool', 'inputs', hash('sha256', await pngOf('gone')))
      assert.ok(readFileSync(input).length > 0)
      const search = async (): Promise<unknown[]> =>
        (await client.json<{ items: unknown[] }>(`/v1/search?q=${await textOf('gone')}`)).items
      assert.equal((await search()).length, 1)
      await client.remove(view.id)
      assert.throws(() => readFileSync(input), { code: 'ENOENT' })
      assert.deepEqual(await search(), [])
      await assert.rejects(client.document(view.id), /^Error: 404 unknown_document/)
      const again = oneOf(await client.upload([file], { wait: 30 }))
      assert.deepEqual([again.id, again.outcome], [view.id, 'succeeded'])
      assert.equal(scene.readings().get('gone.png#1'), 2)
    },
  )

  await t.test('a request id appears in the logs of every process that served it', async () => {
    const form = formWith(await fileOf('traced'))
    const headers = { 'x-request-id': 'trace-4711' }
    await fetch(`${address}/v1/documents?wait=30`, { method: 'POST', body: form, headers })
    const components = await waitFor('all have logged', () => {
      const lines = logLines(data).filter((line) => JSON.stringify(line).includes('trace-4711'))
      const found = new Set(lines.map(({ component }) => component))
      return ['api', 'worker', 'aggregator'].every((name) => found.has(name)) && found
    })
    assert.deepEqual([...components].toSorted(), ['aggregator', 'api', 'worker'])
    const text = readFileSync(join(data, 'scriptorium.log'), 'utf8')
    assert.ok(!text.includes(await textOf('traced')), 'no log contains the text')
  })

  await t.test('no files or keys are left behind', async () => {
    for (const folder of ['tickets', 'tmp']) {
      await waitFor(
        `${folder} is empty`,
        () => readdirSync(join(data, 'spool', folder)).length === 0,
      )
    }
    for (const [label, count] of scene.readings()) {
      if (label !== 'gone.png#1') assert.equal(count, 1, label)
    }
  })
})

function formWith(file: File, options?: object): FormData {
  const form = new FormData()
  if (options !== undefined) form.append('options', JSON.stringify(options))
  form.append('files', file)
  return form
}

test('A real page is read by the real engine and found by its words', async (t) => {
  const scene = createScene(t)
  const more = { SCRIPTORIUM_ENGINE: 'tesseract.js', SCRIPTORIUM_WORKERS: '1' }
  const { client } = await startService(scene, more)
  const sample = join(repository, 'samples/recipe.jpg')
  const sent = await client.upload([sample], { wait: 60, options: { tag: 'kitchen' } })
  const view = oneOf(sent)
  assert.deepEqual([view.outcome, view.name], ['succeeded', 'recipe.jpg'])
  const text = await client.text(view.id)
  const truth = readFileSync(join(repository, 'test/fixtures/truth/recipe.jpg.txt'), 'utf8')
  assert.ok(wordF1(truth, text) >= 0.9, text)

  const [word = ''] = /\b[a-z]{6,}\b/i.exec(text) ?? []
  const found = await client.json<{
    items: {
      documentId: string
      snippet: string
      width: number
      height: number
      words: { text: string; bbox: BBox }[]
    }[]
  }>(`/v1/search?q=${word}`)
  const [hit] = found.items
  assert.equal(hit?.documentId, view.id)
  assert.ok(hit.snippet.toLowerCase().includes(`<mark>${word.toLowerCase()}</mark>`), hit.snippet)
  assert.ok(hit.words.length > 0)
  for (const { text: shown, bbox } of hit.words) {
    assert.ok(shown.toLowerCase().includes(word.toLowerCase()), shown)
    assert.ok(bbox.x0 >= 0 && bbox.x1 <= hit.width && bbox.x0 < bbox.x1)
    assert.ok(bbox.y0 >= 0 && bbox.y1 <= hit.height && bbox.y0 < bbox.y1)
  }
})

import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import sharp from 'sharp'
import { pngOf, tiffOf } from '../../helpers/pages/pages.ts'
import { createScene } from '../../helpers/processes/scene.ts'
import { fileOf, oneOf, startService } from '../../helpers/processes/service.ts'
import { waitFor } from '../../helpers/wait.ts'

const codeOf = async (response: Response): Promise<unknown> =>
  Reflect.get((await response.json()) as object, 'code')

test('a worker renders the pages of a document, and the disk keeps them until it is deleted', async (t) => {
  const { address, client, data } = await startService(createScene(t))
  const file = new File([new Uint8Array(await tiffOf(['one', 'two']))], 'two.tiff')
  const { id } = oneOf(await client.upload([file]))
  await client.document(id, 60)
  const pictures = `${address}/v1/documents/${id}/pages`

  const first = await fetch(`${pictures}/1/image`)
  assert.equal(first.headers.get('content-type'), 'image/webp')
  const { width, height } = await sharp(await first.arrayBuffer()).metadata()
  assert.deepEqual([width, height], [48, 32], 'never wider than the page')
  const etag = first.headers.get('etag') ?? ''
  const again = await fetch(`${pictures}/1/image`, { headers: { 'if-none-match': etag } })
  assert.equal(again.status, 304)
  const both = await Promise.all([1, 2].map(() => fetch(`${pictures}/2/image?width=900`)))
  assert.deepEqual(
    both.map(({ status }) => status),
    [200, 200],
  )

  assert.equal(await codeOf(await fetch(`${pictures}/3/image`)), 'unknown_page')
  assert.equal((await fetch(`${pictures}/1/image?width=0`)).status, 400)
  assert.equal(
    await codeOf(await fetch(`${address}/v1/documents/none/pages/1/image`)),
    'unknown_document',
  )

  const kept = join(data, 'spool/pictures', id)
  assert.equal(readdirSync(kept).length, 2)
  await fetch(`${address}/v1/documents/${id}`, { method: 'DELETE' })
  assert.equal(existsSync(kept), false)
})

test('a picture needs its file and a worker, not a free queue', async (t) => {
  const scene = createScene(t)
  const { address, client, data } = await startService(scene, { SCRIPTORIUM_WORKERS: '1' })
  const ids: string[] = []
  for (const seed of ['one', 'two']) {
    const { id } = oneOf(await client.upload([await fileOf(seed)]))
    await client.document(id, 60)
    ids.push(id)
  }
  const [one = '', two = ''] = ids
  const imageOf = (id: string) => fetch(`${address}/v1/documents/${id}/pages/1/image`)

  // Neither a paused queue nor a page in hand keeps a reader waiting.
  const slow = oneOf(
    await client.upload([await fileOf('hang-1')], { options: { timeoutMs: 60_000 } }),
  )
  await waitFor('its reading', () => scene.readings().has('hang-1.png#1') || undefined)
  assert.equal((await imageOf(one)).status, 200)
  await client.send(`/v1/documents/${slow.id}/cancel`, { method: 'POST' })

  const inputs = join(data, 'spool/inputs')
  const sha256 = (await client.document(two)).sha256 ?? ''
  rmSync(join(inputs, sha256))
  const gone = await imageOf(two)
  assert.equal(gone.status, 404)
  assert.match(await gone.text(), /two\.png no longer exists/)

  writeFileSync(join(inputs, sha256), await pngOf('another'))
  const other = await waitFor('another answer', async () => {
    const answer = await imageOf(two)
    return answer.status === 404 ? undefined : answer
  })
  assert.equal(await codeOf(other), 'corrupt_upload')
})

import assert from 'node:assert/strict'
import { existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PDFDocument } from '@cantoo/pdf-lib'
import { statKey } from '../../../../shared/files/stat-key.ts'
import { createOpenDocuments } from '../../../../workers/ocr/open/open-documents.ts'
import { createSources } from '../../../../workers/ocr/open/sources.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { makeFolder } from '../../../helpers/folder.ts'
import { pngOf, tiffOf } from '../../../helpers/pages/pages.ts'
import { pdfOf } from '../../../helpers/pages/scanned-pdf.ts'
import { decodersOf } from '../../../helpers/pages/decoder.ts'
import { waitFor } from '../../../helpers/wait.ts'

const wishes = { dpi: 0, pdfText: 'auto' } as const
const page = { width: 595, height: 842, text: { lines: ['Typed.'], mode: 0 } } as const

/** Documents over real openers, and how often each file was opened and closed. */
function setUp(t: TestContext, { maxHeldBytes = 1e6, idleMs = 60_000 } = {}) {
  const root = makeFolder(t)
  const openers = createOpeners({
    maxPages: 100,
    maxMegapixels: 20,
    decodeMs: 20_000,
    decodeBytes: 512 * 2 ** 20,
  })
  t.after(() => openers.close())
  const count = { opened: 0, closed: 0, asked: 0 }
  const documents = createOpenDocuments({
    sources: createSources({ disk: true }),
    openers: {
      ...openers,
      async open(bytes, password) {
        const document = await openers.open(bytes, password)
        count.opened += 1
        const close = async (): Promise<void> => {
          count.closed += 1
          await document.close()
        }
        return { ...document, close }
      },
    },
    maxHeldBytes,
    idleMs,
  })
  t.after(() => documents.close())
  const requestOf = (path: string) => {
    const stat = statKey(lstatSync(join(root, path), { bigint: true }))
    return { jobId: 'j1', root, path, follow: false, stat, maxBytes: 1e7 }
  }
  const write = (path: string, bytes: Buffer) => {
    writeFileSync(join(root, path), bytes)
    return requestOf(path)
  }
  /** Takes a page as a job does. */
  const take = async (request: ReturnType<typeof requestOf>, number: number, password?: string) => {
    const source = await documents.get(request, () => {
      count.asked += 1
      return Promise.resolve(password)
    })
    try {
      return await source.document.page(number, wishes)
    } finally {
      await documents.putBack(request, source)
    }
  }
  return { root, count, openers, write, take }
}

test('a document of many pages is opened once', async (t) => {
  const { count, write, take } = setUp(t)
  for (const request of [
    write('a.tif', await tiffOf(['1', '2', '3'])),
    write('a.pdf', pdfOf([page, page, page])),
  ]) {
    for (const number of [1, 2, 3]) await take(request, number)
  }
  assert.deepEqual(count, { opened: 2, closed: 0, asked: 0 })
})

test('a document of one page is closed when its page is taken', async (t) => {
  const { count, write, take } = setUp(t)
  const taken = await take(write('a.png', await pngOf('a')), 1)
  assert.equal(taken.kind, 'pixels')
  assert.deepEqual(count, { opened: 1, closed: 1, asked: 0 })
})

test('a file that changed or vanished since it was opened is detected', async (t) => {
  const { root, write, take } = setUp(t)
  const bytes = await tiffOf(['1', '2'])
  const request = write('a.tif', bytes)
  await take(request, 1)
  writeFileSync(join(root, 'a.tif'), Buffer.concat([bytes, bytes]))
  await assert.rejects(take(request, 2), { code: 'unstable' })
  rmSync(join(root, 'a.tif'))
  await assert.rejects(take(request, 2), { code: 'not_found' })
})

test('above the memory limit the least recently used documents are closed, but never the last one', async (t) => {
  const { count, write, take } = setUp(t, { maxHeldBytes: 1 })
  const [a, b] = [
    write('a.tif', await tiffOf(['1', '2'])),
    write('b.tif', await tiffOf(['3', '4'])),
  ]
  await take(a, 1)
  await take(a, 2)
  assert.deepEqual(count, { opened: 1, closed: 0, asked: 0 })
  await take(b, 1)
  assert.deepEqual(count, { opened: 2, closed: 1, asked: 0 })
  await take(a, 1)
  assert.deepEqual(count, { opened: 3, closed: 2, asked: 0 })
})

test('a document lost with its decoder process is reopened', async (t) => {
  const { count, write, take } = setUp(t)
  const request = write('a.pdf', pdfOf([page, page]))
  await take(request, 1)
  const [decoder = 0] = decodersOf()
  process.kill(decoder, 'SIGKILL')
  await waitFor('the decoder is gone', () => !existsSync(`/proc/${decoder}`))
  assert.equal((await take(request, 2)).kind, 'layer')
  assert.equal(count.opened, 2)
})

test('an idle document is closed after a while', async (t) => {
  const { count, write, take } = setUp(t, { idleMs: 50 })
  await take(write('a.tif', await tiffOf(['1', '2'])), 1)
  await waitFor('it is closed', () => count.closed === 1)
})

test('the password is requested only for an encrypted document', async (t) => {
  const { count, write, take } = setUp(t)
  const plain = pdfOf([page, page])
  await take(write('plain.pdf', plain), 1, 'otter')
  assert.equal(count.asked, 0)
  const document = await PDFDocument.load(plain)
  document.encrypt({ userPassword: 'heron', ownerPassword: 'owner' })
  const locked = write('locked.pdf', Buffer.from(await document.save()))
  await assert.rejects(take(locked, 1), { code: 'password_required' })
  await assert.rejects(take(locked, 1, 'otter'), { code: 'password_wrong' })
  assert.equal((await take(locked, 1, 'heron')).kind, 'layer')
  assert.equal((await take(locked, 2)).kind, 'layer', 'once open it stays open')
  assert.equal(count.asked, 3)
})

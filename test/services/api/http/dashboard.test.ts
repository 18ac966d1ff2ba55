import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import fastify, { type FastifyInstance } from 'fastify'
import { dashboardViews, registerDashboard } from '../../../../services/api/http/dashboard.ts'
import { installMethodGuard } from '../../../../services/api/http/method-guard.ts'
import { installQueryGuard } from '../../../../services/api/http/query-guard.ts'
import { installSecurityHeaders } from '../../../../services/api/http/security-headers.ts'
import { makeFolder } from '../../../helpers/folder.ts'

const page = '<!doctype html><title>the page</title>'
const script = 'document.title = "the script"'
const asset = '/assets/index-abc.js'

/** A server of a dashboard that consists of a page and a script. */
async function serve({ isBuilt }: { isBuilt: boolean }): Promise<FastifyInstance> {
  const folder = makeFolder({ after })
  if (isBuilt) {
    mkdirSync(join(folder, 'assets'))
    const files = { 'index.html': page, [asset.slice(1)]: script }
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text)
      writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text))
      writeFileSync(join(folder, `${name}.gz`), gzipSync(text))
    }
  }
  const app = fastify()
  installMethodGuard(app)
  installSecurityHeaders(app)
  installQueryGuard(app)
  await registerDashboard(app, folder)
  after(() => app.close())
  return app
}

const built = await serve({ isBuilt: true })

test('each view is the page, whatever its query, under a policy without inline script or style', async () => {
  for (const view of dashboardViews) {
    const url = `${view.replace(':id', 'd1')}?outcome=failed&anything=1`
    const { statusCode, headers, body } = await built.inject({ url })
    assert.deepEqual([statusCode, body], [200, page], url)
    const policy = String(headers['content-security-policy'])
    assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/)
    assert.doesNotMatch(policy, /unsafe|https?:|\*/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-cache')
  }
})

test('files are sent compressed as the browser asks, and assets are kept by it', async () => {
  const forms = { br: brotliDecompressSync, gzip: gunzipSync }
  for (const [url, text] of [
    ['/', page],
    [asset, script],
  ] as const) {
    for (const [encoding, open] of Object.entries(forms)) {
      const given = { url, headers: { 'accept-encoding': encoding } }
      const { headers, rawPayload } = await built.inject(given)
      assert.equal(headers['content-encoding'], encoding)
      assert.equal(open(rawPayload).toString(), text)
    }
  }
  const { headers, body } = await built.inject({ url: asset })
  assert.equal(body, script)
  assert.match(String(headers['content-type']), /javascript/)
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
})

test('a path without a file is 404, also outside of the folder', async () => {
  for (const url of ['/assets/none.js', '/documents/d1/more', '/index.html']) {
    assert.equal((await built.inject({ url })).statusCode, 404, url)
  }
  for (const url of [
    '/assets/../index.html',
    '/assets/%2e%2e/index.html',
    '/assets/..%2findex.html',
  ]) {
    const { statusCode, body } = await built.inject({ url })
    assert.ok(statusCode >= 400, url)
    assert.ok(!body.includes('the page'), url)
  }
})

test('a service whose dashboard was not built says so in a sentence', async () => {
  const app = await serve({ isBuilt: false })
  const { statusCode, headers, body } = await app.inject({ url: '/' })
  assert.equal(statusCode, 404)
  assert.match(String(headers['content-type']), /^text\/plain/)
  assert.match(body, /^The dashboard is not built: run 'npm run dashboard'.*\n$/)
})

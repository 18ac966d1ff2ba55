import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import SwaggerParser from '@apidevtools/swagger-parser'
import { generate } from 'orval'
import { startApi } from '../../../helpers/api/api.ts'
import { makeFolder, type Ending } from '../../../helpers/folder.ts'
import { jpegLike } from '../../../helpers/api/upload-app.ts'
import { repository } from '../../../helpers/processes/processes.ts'

const run = promisify(execFile)
const description = join(repository, 'docs/openapi.json')

test('docs/openapi.json is a valid OpenAPI document', async () => {
  const { paths = {} } = await SwaggerParser.validate(description)
  assert.ok(Object.keys(paths).length > 20)
})

/** A part of the client that orval generates. */
interface GeneratedClient {
  submitDocumentsWithFormData: (form: { files: Blob[]; options?: string }) => Promise<Answer>
  submitDocumentsWithBlob: (file: Blob) => Promise<Answer>
  submitDocumentsWithJson: (body: object) => Promise<Answer>
}
interface Answer {
  status: number
  data: { id?: string }
}

/** Generates a client, and returns its file. */
async function generateClient(ending: Ending, baseUrl: string): Promise<string> {
  const file = join(makeFolder(ending), 'client.ts')
  // Without `splitByContentType`, orval gives one function the union of all bodies, which is not `BodyInit`.
  const override = { splitByContentType: true }
  await generate({
    input: { target: description },
    output: { target: file, client: 'fetch', mode: 'single', baseUrl, override },
  })
  return file
}

test('a generated client compiles with --strict', async (t) => {
  const file = await generateClient(t, 'http://localhost')
  const use = join(file, '../use.ts')
  writeFileSync(
    use,
    `import { getDocument, submitDocumentsWithFormData } from './client.ts'
    const { status, data } = await submitDocumentsWithFormData({ files: [new Blob()] }, { wait: 5 })
    if (status === 202 && 'id' in data) console.log((await getDocument(data.id)).data)
    // @ts-expect-error -- the query has no such parameter
    await getDocument('d1', { wit: 5 })
    `,
  )
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  const options =
    '--strict --noEmit --target esnext --module esnext --moduleResolution bundler --allowImportingTsExtensions --lib esnext,dom,dom.iterable'
  await run(process.execPath, [compiler, ...options.split(' '), use], {
    cwd: join(file, '..'),
  }).catch(({ stdout }: { stdout: string }) => assert.fail(stdout))
})

test('a generated client sends files in each form that the server accepts', async (t) => {
  const api = await startApi(t)
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = api.app.server.address() as AddressInfo
  const file = await generateClient(t, `http://127.0.0.1:${port}`)
  const client = (await import(file)) as GeneratedClient
  const bytes = (seed: number): Blob => new Blob([new Uint8Array(jpegLike(1_000, seed))])
  const accepted = [
    await client.submitDocumentsWithFormData({ files: [bytes(1)], options: '{"tag":"mine"}' }),
    await client.submitDocumentsWithBlob(bytes(2)),
    await client.submitDocumentsWithJson({
      source: { type: 'base64', data: jpegLike(1_000, 3).toString('base64') },
    }),
  ]
  for (const { status, data } of accepted) {
    assert.equal(status, 202, JSON.stringify(data))
    assert.match(data.id ?? '', /^d/)
  }
})

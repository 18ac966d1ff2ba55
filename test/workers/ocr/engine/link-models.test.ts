import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { linkModels } from '../../../../workers/ocr/engine/link-models.ts'
import { makeFolder } from '../../../helpers/folder.ts'

test('models from several folders are linked into one folder with flat names, and removed with it', (t) => {
  const folder = makeFolder(t)
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), `model ${name}`)
  const linked = linkModels([
    { language: 'script/Fraktur', file: join(folder, 'a'), source: 'system' },
    { language: 'eng', file: join(folder, 'b'), source: 'npm' },
  ])
  assert.deepEqual(linked.names, ['script-Fraktur', 'eng'])
  const contents = linked.names.map((name) =>
    readFileSync(join(linked.folder, `${name}.traineddata`), 'utf8'),
  )
  assert.deepEqual(contents, ['model a', 'model b'])
  linked.remove()
  assert.ok(!existsSync(linked.folder) && existsSync(join(folder, 'a')))
})

test('a compressed model is unzipped for an engine that cannot read it', (t) => {
  const file = join(makeFolder(t), 'eng.traineddata.gz')
  writeFileSync(file, gzipSync('a model'))
  const model = { language: 'eng', file, source: 'npm' as const }
  const [zipped, unzipped] = [linkModels([model]), linkModels([model], { unzip: true })]
  const read = ({ folder }: { folder: string }) => readFileSync(join(folder, 'eng.traineddata'))
  assert.deepEqual(read(zipped), readFileSync(file))
  assert.equal(read(unzipped).toString(), 'a model')
  zipped.remove()
  unzipped.remove()
})

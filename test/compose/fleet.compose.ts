import assert from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { UploadView } from '../../services/api/schemas/document.ts'
import type { Heartbeat } from '../../shared/redis/heartbeats.ts'
import { outputFiles, readText } from '../helpers/outcome.ts'
import { waitFor } from '../helpers/wait.ts'
import { wordF1 } from '../helpers/pages/word-f1.ts'
import {
  docker,
  findDockerEngine,
  type DockerCommand,
} from '../../scripts/tools/bench/compose/engine.ts'
import { recordEvents } from './events.ts'
import { createProject, type Project } from '../../scripts/tools/bench/compose/project.ts'
import { assertFinal, readLedger } from './records.ts'
import { sampleFiles, truthOf, writeSheets } from './sheets.ts'

const engine = findDockerEngine()
const skip = 'reason' in engine && engine.reason
const copies = 5
/** Of any page, however hard: most reach 0.98. */
const lowestF1 = 0.9
const deadlineMs = 240_000

test(
  'Containers start, stop and are killed, and every document is read once',
  { skip },
  async (t) => {
    assert.ok('compose' in engine)
    const project = await createProject(t, engine)
    const events = await recordEvents(t, project)
    const sheets = writeSheets(project.input, copies)
    await project.must('up', '-d', '--build', '--scale', 'worker=1')
    await project.ready(1)
    const upload = (await project.client.upload(sampleFiles())) as UploadView
    assert.deepEqual(upload.rejected, [])

    const died = await disturb(t, project)
    const again = await project.startIngest(`${project.name}-again`).ended
    assert.equal(again.code, 0, again.stderr)
    const third = await project.startIngest(`${project.name}-third`).ended
    assert.equal(third.code, 0, third.stderr)
    assert.match(
      third.stdout,
      new RegExp(`^Nothing to do: ${sheets.size} files were read earlier`, 'm'),
    )

    assertTexts(t, project, sheets)
    await assertUploads(project, upload)
    assertOwned(project)
    const [aggregator = ''] = await project.containers('aggregator')
    await project.must('stop')
    const { documents, attempts } = await readLedger(aggregator, join(project.input, '../state'))
    const uploaded = upload.documents.map(({ name }) => name)
    assertFinal(documents, [...sheets.keys(), ...uploaded])
    const twice = attempts.filter((page) => page.attempts > 1)
    t.diagnostic(`read twice: ${twice.map(({ path }) => path).join(', ')}`)
    assert.ok(twice.length <= died.onDesk, 'only pages on the killed worker’s desk are read again')

    const seen = events()
    assert.deepEqual(
      seen.filter(({ action }) => action === 'oom'),
      [],
    )
    const ends = seen.filter(({ action }) => action === 'die')
    const hard = ends.filter(({ service, exitCode }) => exitCode !== 0 && service !== 'ingest')
    assert.deepEqual(
      hard.map(({ service, exitCode }) => `${service} ${exitCode}`).toSorted(),
      ['aggregator 137', 'worker 137'],
      'all that was not killed has drained by its deadline',
    )
  },
)

/** All events while the folder is read for the first time. */
async function disturb(t: TestContext, project: Project): Promise<{ onDesk: number }> {
  const ingest = project.startIngest(`${project.name}-first`)
  await reach(t, project, ingest, 3)
  await project.must('up', '-d', '--scale', 'worker=4')
  await project.ready(4)
  await reach(t, project, ingest, 12)
  await project.must('up', '-d', '--scale', 'worker=2')
  await project.ready(2)

  await reach(t, project, ingest, 18)
  const victim = await waitFor('a worker that reads', () => readingWorker(project))
  await docker('kill', victim)
  t.diagnostic(`killed worker ${victim}`)
  await project.must('up', '-d', '--scale', 'worker=2')

  await reach(t, project, ingest, 24)
  const [aggregator = ''] = await project.containers('aggregator')
  // From inside, like a crash: Docker does not restart containers after `docker kill`.
  await docker('exec', aggregator, 'bash', '-c', 'kill -9 -1').catch(() => undefined)
  t.diagnostic('killed the aggregator')

  await reach(t, project, ingest, 30)
  await project.must('restart', 'redis')
  await reach(t, project, ingest, 36)
  await docker('stop', `${project.name}-first`)
  const { code, stderr } = await ingest.ended
  assert.equal(code, 130, stderr)
  assert.match(stderr, /docker compose run --rm ingest \/data\/in/)
  await project.must('stop')
  await project.must('up', '-d', '--scale', 'worker=2')
  await project.ready(2)
  return { onDesk: 2 }
}

/** Waits until this many pages of the folder are written during `ingest`. */
async function reach(
  t: TestContext,
  project: Project,
  ingest: DockerCommand,
  pages: number,
): Promise<void> {
  const look = async (): Promise<boolean> => {
    if (!ingest.isRunning()) throw new Error(`ingest has ended: ${(await ingest.ended).stderr}`)
    return written(project).length >= pages
  }
  await waitFor(`${pages} pages`, look, deadlineMs)
  t.diagnostic(`${Math.round(process.uptime())} s: ${pages} pages`)
}

const outOf = (project: Project): string => join(project.output, 'ingest')
const written = (project: Project): string[] =>
  existsSync(outOf(project))
    ? outputFiles(outOf(project)).filter((name) => name.endsWith('.txt'))
    : []

/** The container of a worker that has a page on its desk. */
async function readingWorker({ client }: Project): Promise<string | undefined> {
  const { items } = await client.json<{ items: Heartbeat[] }>('/v1/workers')
  return items.find(({ currentPage }) => currentPage !== null)?.host
}

function assertTexts(t: TestContext, project: Project, sheets: ReadonlyMap<string, string>): void {
  const names = [...sheets.keys()].flatMap((path) => [`${path}.json`, `${path}.txt`])
  assert.deepEqual(outputFiles(outOf(project)), names.toSorted())
  let lowest = 1
  for (const [path, truth] of sheets) {
    const f1 = wordF1(truth, readText(outOf(project), path))
    assert.ok(f1 >= lowestF1, `${path}: word F1 ${f1}`)
    lowest = Math.min(lowest, f1)
  }
  t.diagnostic(`lowest word F1 ${lowest.toFixed(3)}`)
}

async function assertUploads({ client }: Project, { documents }: UploadView): Promise<void> {
  const paths = new Map(
    sampleFiles().map((file) => [basename(file), file.split('/samples/')[1] ?? '']),
  )
  assert.equal(documents.length, paths.size)
  for (const { id, name } of documents) {
    const { outcome } = await client.document(id, 20)
    assert.equal(outcome, 'succeeded', name)
    const f1 = wordF1(truthOf(paths.get(name) ?? ''), await client.text(id))
    assert.ok(f1 >= lowestF1, `${name}: word F1 ${f1}`)
  }
}

/** Everything that the containers wrote to the host belongs to the user that they run as. */
function assertOwned({ output, user }: Project): void {
  const entries = readdirSync(output, { recursive: true, encoding: 'utf8' })
  assert.ok(entries.length > 0)
  for (const entry of entries) {
    const { uid, gid } = statSync(join(output, entry))
    assert.deepEqual({ uid, gid }, user, entry)
  }
}

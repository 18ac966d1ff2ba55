import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Document } from '../../../services/ledger/document.ts'
import { handFile } from '../../../services/aggregator/in-hand.ts'
import { type Ledger } from '../../../services/ledger/ledger.ts'
import { createOutputFiles } from '../../../services/outputs/files/output-files.ts'
import { readHandMarks } from '../../../shared/hands/hand-marks.ts'
import { createKeys } from '../../../shared/redis/keys.ts'
import type { Acceptance } from '../../../shared/contract/messages/command.ts'
import { createPageQueue, type PageQueue, type QueuedJob } from '../../../shared/redis/queue.ts'
import type { Redis } from '../../../shared/redis/connection/redis.ts'
import { type StreamEntry } from '../../../shared/redis/result-stream.ts'
import { openSpool, ticketFile } from '../../../shared/files/spool.ts'
import { statKey } from '../../../shared/files/stat-key.ts'
import { makeFolder, writeOld, type Ending } from '../folder.ts'
import { createInterleaving } from './interleaving.ts'
import { createPaperWorker } from '../processes/paper-worker.ts'
import { makeAcceptance, makeRequest, makeRun, uploadOf } from './records.ts'
import { bootAggregator } from './world-aggregator.ts'

const names = ['a.png', 'b.png', 'sub/c.png', 'd.tif']
/** One step of a history: an operation, and a number that selects its target. */
export interface Step {
  action: keyof World['actions']
  choice: number
}

/** Everything in the aggregator that changes the state of a document, on a real ledger, queue and folder. */
export function createWorld(ending: Ending, redis: Redis, prefix: string) {
  const keys = createKeys(prefix)
  const realQueue = createPageQueue(redis, keys)
  ending.after(() => realQueue.close())
  const [data, root, out] = [makeFolder(ending), makeFolder(ending), makeFolder(ending)]
  const spool = openSpool(data)
  const interleaving = createInterleaving(() => redis.commandQueue.length > 0)
  const { gate, start } = interleaving
  const worker = createPaperWorker()
  let runs = 0

  /** Puts other bytes into a file: small documents of one page, one letter each; of `d.tif` two pages. */
  const change = (name: string, choice: number): void => {
    mkdirSync(join(root, 'sub'), { recursive: true })
    const content = `${'xy'[choice % 2]}${name.endsWith('.tif') ? '2' : ''}`
    rmSync(join(root, name), { force: true })
    writeOld(join(root, name), content)
    worker.knows(name, statKey(lstatSync(join(root, name), { bigint: true })), content)
  }
  for (const name of names) change(name, 0) // Twins, which wait for each other.

  const queue: PageQueue = {
    ...realQueue,
    async add(jobs: readonly QueuedJob[]) {
      const name = `add ${jobs.map(({ job }) => job.path).join(' ')}`
      await gate(name)
      for (const job of jobs) worker.take(job)
      await realQueue.add(jobs)
      await gate(name)
    },
    async remove(ids) {
      await gate('remove')
      await realQueue.remove(ids)
    },
  }
  const openOutput: typeof createOutputFiles = (folder) => {
    const files = createOutputFiles(folder)
    return {
      ...files,
      async write(document, ...given) {
        await gate(`write ${document.path}`)
        const written = await files.write(document, ...given)
        await gate(`written ${document.path}`)
        return written
      },
    }
  }

  /** An aggregator, as a new process starts it. */
  const boot = () => bootAggregator({ ending, data, spool, redis, keys, queue, openOutput })
  let aggregator = boot()
  const ledger = (): Ledger => aggregator.ledger

  const beginRun = (): void => {
    runs += 1
    const request = makeRequest({
      runId: `r${runs}`,
      root,
      out,
      formats: ['txt'],
      retryFailed: true,
    })
    ledger().transaction(() => {
      for (const left of ledger().runs.active()) ledger().runs.end(left.id, 'interrupted', null)
      ledger().runs.add(request, 'fp')
    })
    aggregator.resume(makeRun(request))
  }

  /** By their paths: their ids are others each time. */
  const rows = (): Document[] =>
    ledger()
      .listing.documents({}, undefined, 100)
      .documents.toSorted((a, b) => Number(a.path > b.path) - Number(a.path < b.path))
  const pick = <T>(list: readonly T[], choice: number): T | undefined => list[choice % list.length]
  const report = async (entries: readonly StreamEntry[]): Promise<void> => {
    await aggregator.absorb(entries)
    for (const entry of entries) if ('jobId' in entry) await realQueue.remove([entry.jobId])
  }
  /** Accepts an upload as the API does: file, ticket, stream. The last may be lost. */
  const accept = (choice: number): Acceptance => {
    const content = 'uvw'[choice % 3] ?? ''
    const known = ledger().documents.get(uploadOf(content))
    const pass = known === undefined ? 1 : known.pass + (choice % 2)
    const acceptance = makeAcceptance([content], { runId: `u${choice}`, pass })
    for (const { sha256, name } of acceptance.documents) {
      writeFileSync(join(spool.inputs, sha256), content)
      worker.knows(sha256, '', content, name)
    }
    writeFileSync(ticketFile(spool, acceptance.request.runId), JSON.stringify(acceptance))
    return acceptance
  }

  const actions = {
    open: (choice: number) => interleaving.open(choice),
    plan(choice: number): Promise<void> {
      if (aggregator.current() === undefined || choice % 7 === 0) beginRun()
      return start(async () => aggregator.current()?.planMore())
    },
    /** A worker reports about one of its jobs, perhaps not for the first time. */
    read(choice: number): Promise<void> {
      const entries = worker.read(choice)
      return start(() => report(entries))
    },
    fail: (choice: number) => start(() => report(worker.fail(choice))),
    async change(choice: number): Promise<void> {
      change(pick(names, choice) ?? '', Math.floor(choice / names.length))
    },
    async vanish(choice: number): Promise<void> {
      rmSync(join(root, pick(names, choice) ?? ''), { force: true })
    },
    cancel(choice: number): Promise<void> {
      const row = pick(rows(), choice)
      return start(async () => row && aggregator.commands.cancel([row.id]))
    },
    async remove(choice: number): Promise<void> {
      const row = pick(rows(), choice)
      if (row !== undefined) await aggregator.commands.remove(row.id)
    },
    async expire(choice: number): Promise<void> {
      const kept = rows().filter((row) => row.origin === 'upload' && row.state === 'final')
      const row = pick(kept, choice)
      if (row !== undefined) aggregator.commands.expire([row])
    },
    upload(choice: number): Promise<void> {
      const acceptance = accept(choice)
      return choice % 3 === 0 ? Promise.resolve() : start(() => report([acceptance]))
    },
    sweep: () => start(() => aggregator.sweeper.takeUp()),
    reconcile: () =>
      start(async () => {
        const run = aggregator.current()?.run
        await aggregator.reconcile(run === undefined ? [] : [run])
      }),
    /** The process is killed at this point; another one starts like ours. */
    async kill(): Promise<void> {
      interleaving.abandon()
      ledger().close()
      aggregator = boot()
      await start(() => aggregator.publisher.publish(ledger().documents.unpublished()))
      const [run] = ledger().runs.active()
      if (run !== undefined) aggregator.resume(run)
    },
  }

  /** Checks the invariant of every moment: a text is that of the bytes that the record names. */
  const check = (): void => {
    interleaving.check()
    for (const row of rows()) {
      if (row.state !== 'final' && row.state !== 'read') continue
      assert.notEqual(row.outcome, null)
      if (row.outcome !== 'succeeded' && row.outcome !== 'duplicate') continue
      if (row.expiredAt !== null) continue
      const texts = ledger()
        .pages.results(row.id)
        .map(({ text }) => text)
      assert.deepEqual(texts, worker.textsOf(row.sha256 ?? ''), `${row.path} in state ${row.state}`)
    }
  }

  /** Waits until everything is idle, then reads the rest in one undisturbed run. */
  const heal = async (): Promise<void> => {
    await interleaving.finish()
    await aggregator.sweeper.takeUp()
    beginRun()
    const { current } = aggregator
    for (let round = 0; round < 20; round += 1) {
      while (await current()?.planMore()) check()
      const run = current()?.run
      await aggregator.reconcile(run === undefined ? [] : [run])
      const waiting = await realQueue.present(worker.jobIds())
      for (const jobId of waiting) await report(worker.answer(jobId))
      check()
    }
  }

  const end = async (): Promise<void> => {
    await heal()
    const { current } = aggregator
    const runId = current()?.run.id ?? ''
    assert.equal(ledger().documents.countOpen(runId), 0, 'documents are left open')
    assert.equal(current()?.progress.outstanding(), 0)
    assert.deepEqual(ledger().documents.openUploads(), [])
    assert.deepEqual(ledger().documents.unpublished(), [])
    assert.deepEqual(readHandMarks(handFile(data))?.items, [], 'work is left in hand')
    for (const name of names.filter((each) => existsSync(join(root, each)))) {
      const text = readFileSync(join(out, `${name}.txt`), 'utf8')
      const content = readFileSync(join(root, name), 'utf8')
      assert.equal(text, worker.outputOf(content), name)
    }
    ledger().close()
  }

  return { actions, check, end }
}

export type World = ReturnType<typeof createWorld>

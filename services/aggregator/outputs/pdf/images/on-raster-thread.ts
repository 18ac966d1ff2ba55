import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { ScriptoriumError } from '../../../../../shared/errors.ts'
import { deadlineMs, heapMegabytes } from './limits.ts'
import type { RasterTasks } from './raster-tasks.ts'

/** The whole process decodes one picture at a time: each needs the memory of its pixels, and takes a core. */
const oneAtATime = pLimit(1)

/**
 * Does a task on a thread of its own, which takes `memory` away from the caller. Throws what the thread threw, and
 * `decode_timeout` at the deadline.
 */
export const onRasterThread = <K extends keyof RasterTasks>(
  kind: K,
  argument: RasterTasks[K]['argument'],
  memory: ArrayBuffer,
): Promise<RasterTasks[K]['answer']> =>
  oneAtATime(async () => {
    const thread = new Worker(new URL('raster-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    })
    try {
      // Not as `workerData`, which the thread would hold until its end.
      thread.postMessage({ kind, ...argument }, [memory])
      return await answerOf<RasterTasks[K]['answer']>(thread)
    } finally {
      await thread.terminate()
    }
  })

function answerOf<A>(thread: Worker): Promise<A> {
  const { promise, resolve, reject } = Promise.withResolvers<A>()
  const late = new ScriptoriumError('decode_timeout', 'takes too long to be decoded')
  const timer = setTimeout(() => reject(late), deadlineMs)
  thread.on('message', (answer: A) => resolve(answer))
  thread.on('error', reject)
  thread.on('exit', () => reject(new Error('its decoder ended unexpectedly')))
  return promise.finally(() => clearTimeout(timer))
}

/** The same bytes in memory of their own, which a thread can be given; without a copy where they have it. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  const isOwner = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
  return isOwner ? new Uint8Array(buffer) : new Uint8Array(bytes)
}

import { Queue } from 'bullmq'
import { createParser } from '../contract/messages/parser.ts'
import {
  pictureJobSchema,
  pictureProblemSchema,
  type PictureJob,
} from '../contract/messages/picture-job.ts'
import { isErrorCode, ScriptoriumError } from '../process/errors.ts'
import type { Redis } from './connection/redis.ts'
import { ttl, type Keys } from './keys.ts'

/** A queue of its own: a reader waits neither for the pages of a bulk run nor for a paused queue. */
export const pictureQueueName = 'pictures-1'

export const parsePictureJob = createParser('a job for a picture', pictureJobSchema)
const parseProblem = createParser("a picture's problem", pictureProblemSchema)

/** The side that asks for pictures of pages. */
export function createPictureQueue(redis: Redis, keys: Keys) {
  const queue = new Queue<PictureJob>(pictureQueueName, {
    connection: redis,
    prefix: keys.bullPrefix,
    streams: { events: { maxLen: 10 } },
  })
  queue.on('error', () => undefined) // The connection's owner reports outages; every call rejects.
  return {
    /** Adds a job; requests for the same picture share it. */
    async add(id: string, job: PictureJob): Promise<void> {
      await queue.add('picture', job, { jobId: id, removeOnComplete: true, removeOnFail: true })
    },
    /** Returns a job that has not ended; undefined where there is none. */
    async find(id: string): Promise<PictureJob | undefined> {
      const data = await redis.hget(queue.toKey(id), 'data')
      return data == null ? undefined : parsePictureJob(JSON.parse(data))
    },
    /** The picture, once it is rendered. Throws the worker's error where it cannot be. */
    async take(id: string): Promise<Buffer | undefined> {
      const answer = await redis.hgetallBuffer(keys.picture(id))
      const { picture, problem } = answer
      if (picture !== undefined) return picture
      if (problem === undefined) return undefined
      const { code, message } = parseProblem(JSON.parse(problem.toString()))
      throw new ScriptoriumError(isErrorCode(code) ? code : 'decoder_failed', message)
    },
    close: () => queue.close(),
  }
}

export type PictureQueue = ReturnType<typeof createPictureQueue>

/** The worker's side: keeps a picture, or the reason why there is none, until it is taken or nobody waits any more. */
export function createPictureAnswers(redis: Redis, keys: Keys) {
  const put = async (id: string, field: string, value: Buffer | string): Promise<void> => {
    const key = keys.picture(id)
    const answers = await redis.multi().hset(key, field, value).expire(key, ttl.picture).exec()
    const failure = answers?.find(([error]) => error !== null)?.[0]
    if (failure) throw failure
  }
  return {
    put: (id: string, picture: Buffer) => put(id, 'picture', picture),
    refuse: (id: string, { code, message }: ScriptoriumError) =>
      put(id, 'problem', JSON.stringify({ code, message })),
  }
}

import type { Readable } from 'node:stream'
import { ScriptoriumError } from '../../../shared/process/errors.ts'

/** Minimum speed of a sender: the average over any one window must reach it. */
export interface PaceLimits {
  minBytesPerSecond: number
  windowMs: number
}

const samplesPerWindow = 6

/**
 * Calls `onSlow` once, with `upload_too_slow`, when a stream brings too little over a whole window. Time in which we do
 * not read does not count against the sender. Returns a function that ends the watch.
 */
export function watchPace(
  stream: Readable,
  { minBytesPerSecond, windowMs }: PaceLimits,
  onSlow: (error: ScriptoriumError) => void,
): () => void {
  const samples: number[] = []
  let arrived = 0
  const count = (chunk: Buffer): void => {
    arrived += chunk.length
  }
  const look = (): void => {
    if (stream.isPaused()) return
    samples.push(arrived)
    arrived = 0
    if (samples.length < samplesPerWindow) return
    const total = samples.reduce((sum, sample) => sum + sample, 0)
    samples.shift()
    if (total >= (minBytesPerSecond * windowMs) / 1000) return
    stop()
    const pace = `${minBytesPerSecond} bytes per second over ${windowMs / 1000} seconds`
    onSlow(new ScriptoriumError('upload_too_slow', `the upload is slower than ${pace}`))
  }
  const timer = setInterval(look, windowMs / samplesPerWindow).unref()
  const stop = (): void => {
    clearInterval(timer)
    stream.off('data', count)
    stream.off('end', stop)
  }
  stream.on('data', count)
  stream.once('end', stop)
  return stop
}

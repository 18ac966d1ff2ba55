import { formatTime } from './format.ts'

export function Time({ at }: { at: string }) {
  return <time dateTime={at}>{formatTime(at)}</time>
}

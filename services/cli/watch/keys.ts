import type { ReadStream } from 'node:tty'

/**
 * Calls back with each key that is pressed, Ctrl-C too, until the returned function is called. Does nothing without a
 * terminal.
 */
export function watchKeys(stdin: ReadStream, onKey: (key: string) => void): () => void {
  if (!stdin.isTTY) return () => undefined
  const onData = (bytes: Buffer): void => {
    for (const key of bytes.toString()) onKey(key)
  }
  stdin.setRawMode(true)
  stdin.on('data', onData)
  return () => {
    stdin.off('data', onData)
    stdin.setRawMode(false)
    stdin.pause() // Otherwise it would keep the process alive.
  }
}

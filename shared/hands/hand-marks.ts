import { constants, ftruncateSync, openSync, closeSync, readFileSync, writeSync } from 'node:fs'
import { randomUUID } from 'node:crypto'

/** Length of a mark, a line, in bytes. A process's first line identifies the process. */
const lineBytes = 128
const blank = Buffer.from('-')

/** The marks of a process that has ended: the items that it was processing. */
interface LeftMarks {
  /** Unique to that process: deaths that were counted once are not counted again. */
  session: string
  items: string[]
}

/**
 * Records in a file the items that a process works on, so that its successor knows which ones it died over. The threat
 * is the process's death, not the machine's: a plain `write` of one line (3 µs) has then reached the kernel, and
 * nothing is synced. One process at a time may hold the file. Throws the system's error if the file cannot be written.
 */
export function openHandMarks(file: string) {
  // Follows no link: others may be able to write to the folder.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  const descriptor = openSync(file, flags, 0o600)
  const left = parse(readFileSync(descriptor, 'latin1'))
  const line = Buffer.alloc(lineBytes)
  const free: number[] = []
  let lines = 0
  let isOpen = true

  const write = (slot: number, text: string): void => {
    if (!isOpen) return
    line.fill(' ')
    line.write(text.slice(0, lineBytes - 1), 'latin1')
    line.write('\n', lineBytes - 1)
    writeSync(descriptor, line, 0, lineBytes, slot * lineBytes)
  }

  return {
    left,
    /** Deletes `left`, once its deaths are counted. */
    begin(): void {
      ftruncateSync(descriptor, 0)
      lines = 0
      write(lines, randomUUID())
      lines += 1
    },
    /** Reserves a line for a piece of work. */
    take: (): number => free.pop() ?? lines++,
    /** Items are ASCII, without line breaks, shorter than a line. */
    write,
    clear(slot: number): void {
      if (isOpen) writeSync(descriptor, blank, 0, 1, slot * lineBytes)
    },
    giveBack: (slot: number): void => void free.push(slot),
    /** Writes no marks from here on: any end of the process after this is intended. */
    close(): void {
      if (!isOpen) return
      isOpen = false
      ftruncateSync(descriptor, 0)
      closeSync(descriptor)
    },
  }
}

export type HandMarks = ReturnType<typeof openHandMarks>

/**
 * Returns the items that a process works on, or worked on when it died, without taking its file. Undefined if there are
 * none.
 */
export function readHandMarks(file: string): LeftMarks | undefined {
  try {
    return parse(readFileSync(file, 'latin1'))
  } catch {
    return undefined // The process has not begun, or this user may not read the file: no item is known.
  }
}

function parse(text: string): LeftMarks {
  const [session = '', ...items] = text.split('\n').map((line) => line.trimEnd())
  return { session, items: items.filter((item) => item !== '' && !item.startsWith('-')) }
}

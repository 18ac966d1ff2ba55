import { hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { boundedRecord, idText } from '../../shared/contract/schema/bounded.ts'
import { systemCode, toError } from '../../shared/process/errors.ts'
import { takeLock } from '../../shared/files/file-lock.ts'
import { makeFolders } from '../../shared/files/folder-access.ts'
import { openHandMarks } from '../../shared/hands/hand-marks.ts'
import { createHands } from '../../shared/hands/hands.ts'
import { countDeaths, maxDeaths } from '../../shared/hands/suspects.ts'
import { createParser } from '../../shared/contract/messages/parser.ts'
import type { Lines } from '../../shared/process/outage-log.ts'
import type { Document } from '../ledger/document.ts'

/** Folder of the marks files below the data folder. Each API has its own file in it. */
const handFolder = (dataFolder: string): string => join(dataFolder, 'api')
const handFileEnd = '.in-hand'

/** The marks files of a data folder's APIs. */
export function handFiles(dataFolder: string): string[] {
  const folder = handFolder(dataFolder)
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names.filter((name) => name.endsWith(handFileEnd)).map((name) => join(folder, name))
}

/** A rendering that killed the API is not tried again for this long. */
const keptMs = 86_400_000

const short = (...parts: readonly unknown[]): string =>
  hash('sha256', JSON.stringify(parts)).slice(0, 32)

type DocumentPass = Pick<Document, 'id' | 'pass'>

/** The API's work that depends on a stranger's content. */
export const items = {
  render: ({ id, pass }: DocumentPass, format: string, page?: number): string =>
    `render ${id} ${pass} ${format}${page === undefined ? '' : ` ${page}`}`,
  list: ({ id, pass }: DocumentPass): string => `list ${id} ${pass}`,
  search: (...query: readonly unknown[]): string => `search ${short(query)}`,
  /** Before an upload arrives, only its caller and its size are known. */
  upload: (...about: readonly unknown[]): string => `upload ${short(about)}`,
} as const

/** Uploads wait for their clients, and are not blamed for waiting. */
const levelOf = (item: string): number => (item.startsWith('upload ') ? 1 : 0)

const cures: Readonly<Record<string, string>> = {
  render:
    'rendering this; ask for another format or for single pages, or read it again with /retry',
  list: 'listing this; ask for it alone',
  search: 'searching for this; ask for something narrower, or for fewer hits at once',
  upload: 'receiving this; send its files one by one',
}

const describe = (item: string): string =>
  `the API died ${maxDeaths} times while ${cures[item.split(' ')[0] ?? ''] ?? 'working on this'}`

const recordSchema = Type.Object({
  /** The process whose death was counted last. */
  session: idText,
  deaths: boundedRecord(Type.Object({ count: Type.Integer(), at: Type.Number() }), 32_768, 10_000),
})
type DeathRecord = Static<typeof recordSchema>
const parseRecord = createParser('the record of deaths of the API', recordSchema)

/**
 * Counts the deaths of the last API with this file, and starts marking items in hand. An API does not write the ledger,
 * so deaths are in their own file.
 */
export function openHands(dataFolder: string, log: Lines) {
  const { place, release } = takePlace(handFolder(dataFolder))
  const file = `${place}.deaths.json`
  const marks = openHandMarks(`${place}${handFileEnd}`)
  const { session, items: left } = marks.left
  const record = readRecord(file, log)
  if (left.length > 0 && record.session !== session) {
    const known = new Map(Object.entries(record.deaths).map(([item, { count }]) => [item, count]))
    const deaths = countDeaths(left, known, levelOf)
    log.warn({ deaths: Object.fromEntries(deaths) }, 'the API crashed while processing these items')
    record.session = session
    for (const [item, count] of deaths) record.deaths[item] = { count, at: Date.now() }
    writeRecord(file, record)
  }
  marks.begin()
  const suspects = new Map(Object.entries(record.deaths).map(([item, { count }]) => [item, count]))
  const forget = (item: string): void => {
    delete record.deaths[item]
    writeRecord(file, record)
  }
  const hands = createHands({ marks, suspects, forget, describe, log })
  let isClosed = false
  /** Idempotent: a stopping item is forgotten at once, and closed later. */
  const close = (): void => {
    if (isClosed) return
    isClosed = true
    marks.close()
    release()
  }
  return { hands, close }
}

/** Several APIs may share a data folder: takes the first place whose last holder is gone. */
function takePlace(folder: string): { place: string; release: () => void } {
  makeFolders(folder, 0o700)
  for (let number = 0; ; number += 1) {
    const place = join(folder, String(number))
    const lock = takeLock(`${place}.lock`)
    if ('release' in lock) return { place, release: lock.release }
  }
}

function readRecord(file: string, log: Lines): DeathRecord {
  try {
    const { session, deaths } = parseRecord(JSON.parse(readFileSync(file, 'utf8')))
    const fresh = Object.entries(deaths).filter(([, { at }]) => Date.now() - at < keptMs)
    return { session, deaths: Object.fromEntries(fresh) }
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT')
      log.warn(
        { file, err: toError(thrown) },
        'reading the crash counts failed, they restart at zero',
      )
    return { session: '', deaths: {} }
  }
}

function writeRecord(file: string, record: DeathRecord): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

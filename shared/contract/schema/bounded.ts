import { Type, type TSchema } from '@sinclair/typebox'

/**
 * Every string, list and record that is received, stored or sent has a bound;
 * test/shared/contract/schema/bounded.test.ts enforces that. Data stored before a bound existed must stay readable: the
 * bounds of our own texts leave room.
 */
const text = (maxLength: number) => Type.String({ maxLength })

/** Ids, hashes, codes, times, versions: values that we generate. */
export const idText = text(200)
/** Names of files, hosts, workers and engines, and media types. */
export const nameText = text(1_024)
/**
 * A path, or a name that may be one. Systems allow 4 096 bytes, and a byte that is no UTF-8 is shown as four
 * characters.
 */
export const pathText = text(32_768)
export const urlText = text(4_096)
/** Messages for people: `ScriptoriumError` cuts its own at a much lower length. */
export const messageText = text(65_536)
/** The text of a page, and files in answers. */
export const pageText = text(2 ** 29)
export const tagText = text(200)
export const maxPasswordLength = 1_000

/** A list with a bound. */
export const boundedList = <T extends TSchema>(item: T, maxItems: number) =>
  Type.Array(item, { maxItems })

/** A list of a page's or a folder's contents: as many as there are, within the limits of memory. */
export const longList = <T extends TSchema>(item: T) => boundedList(item, 10_000_000)

/**
 * A record whose keys are bounded, too. A pattern restricts the keys and additional ones are refused: TypeBox 0.34
 * ignores `maxLength` on a record's keys.
 */
export const boundedRecord = <T extends TSchema>(
  value: T,
  maxKeyLength: number,
  maxProperties: number,
) =>
  Type.Record(
    Type.String({ pattern: `^[^]{1,${maxKeyLength}}$`, maxLength: maxKeyLength }),
    value,
    {
      additionalProperties: false,
      maxProperties,
    },
  )

import type { Grey } from '../prepare/grey.ts'
import type { PreparedPage } from './engine.ts'

/** Converts the image to the engine's input. */
export function toPrepared(
  { data, width, height }: Grey,
  label: string,
  wishes: PreparedPage['wishes'],
): PreparedPage {
  const header = Buffer.from(`P5\n${width} ${height}\n255\n`)
  return { pgm: Buffer.concat([header, data]), width, height, label, wishes }
}

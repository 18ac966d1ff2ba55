import { writeFileSync } from 'node:fs'

/** Writes the present time into a file, seconds since 1970; without a file there is nothing to do. */
export function touch(file: string | undefined): void {
  if (file !== undefined) writeFileSync(file, String(Math.floor(Date.now() / 1_000)))
}

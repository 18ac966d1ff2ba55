import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { requireReadable, requireWritable } from '../../../../shared/files/folder-access.ts'
import { isWithin } from '../../../../shared/files/is-within.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { IngestOptions } from '../arguments.ts'

/** The command line of `watch`, parsed. Times are milliseconds. */
export interface WatchOptions extends IngestOptions {
  settle: number
  poll: number
  moveDone?: string
  failed?: string
}

/** Throws if an output folder is inside the watched one: its files would be read, too. */
export function resolveFolders(folder: string, { out, moveDone, failed }: WatchOptions) {
  const given = resolve(folder)
  requireReadable('FOLDER', given, 'input_unreadable')
  const root = realpathSync(given)
  const make = (name: string, path: string): string => {
    if (isWithin(resolve(path), root)) throw inside(name, resolve(path), root)
    requireWritable(name, path, 'output_unwritable')
    const real = realpathSync(path)
    if (isWithin(real, root)) throw inside(name, real, root)
    return real
  }
  const output = make('--out', out)
  return {
    root,
    out: output,
    done: moveDone === undefined ? undefined : make('--move-done', moveDone),
    failed: make('--failed', failed ?? `${output}/failed`),
  }
}

const inside = (name: string, path: string, root: string): ScriptoriumError =>
  new ScriptoriumError(
    'output_inside_input',
    `${name} ${path} is inside the watched folder ${root}; choose another one`,
  )

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import { ScriptoriumError, toError } from '../../../../shared/process/errors.ts'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { oneOf } from '../../../../shared/process/one-of.ts'
import { hashOf } from '../../../outputs/files/hash-of.ts'
import { idText, longList, pathText } from '../../../../shared/contract/schema/bounded.ts'

const closed = { additionalProperties: false }

/** The contents of a backup: `manifest.json` in its folder, written last. */
const manifestSchema = Type.Object(
  {
    v: Type.Literal(1),
    /** The kind of folder that was backed up; a restore needs the same kind. */
    kind: oneOf(['output', 'data']),
    source: pathText,
    createdAt: idText,
    scriptorium: idText,
    ledgerVersion: Type.Integer(),
    files: longList(
      Type.Object(
        {
          path: Type.String({
            pattern: '^(ledger[.]sqlite|spool/(inputs|tickets)/[^/]+)$',
            maxLength: 1_000,
          }),
          bytes: Type.Integer(),
          sha256: idText,
        },
        closed,
      ),
    ),
  },
  closed,
)
export type Manifest = Static<typeof manifestSchema>
export type ManifestFile = Manifest['files'][number]

export const manifestFile = (folder: string): string => join(folder, 'manifest.json')

const parseManifest = createParser('a manifest', manifestSchema)
const shownFiles = 5

/** Reads a backup's manifest. Throws `backup_damaged` where it is not there or not understood. */
export function readManifest(folder: string): Manifest {
  try {
    return parseManifest(JSON.parse(readFileSync(manifestFile(folder), 'utf8')))
  } catch (thrown) {
    const message = `${folder} is not a complete backup: ${toError(thrown).message}`
    throw new ScriptoriumError('backup_damaged', message, { cause: thrown })
  }
}

/** Compares every file with the manifest. Throws `backup_damaged` with the names of those that differ. */
export async function verifyFiles(folder: string, { files }: Manifest): Promise<void> {
  const bad: string[] = []
  for (const { path, bytes, sha256 } of files) {
    const file = join(folder, path)
    const size = statSync(file, { throwIfNoEntry: false })?.size
    if (size === undefined) bad.push(`${path} is missing`)
    else if (size !== bytes || (await hashOf(file)) !== sha256) bad.push(`${path} has changed`)
  }
  if (bad.length === 0) return
  const more = bad.length > shownFiles ? ` and ${bad.length - shownFiles} more` : ''
  const message = `the backup ${folder} is damaged: ${bad.slice(0, shownFiles).join(', ')}${more}; use another one`
  throw new ScriptoriumError('backup_damaged', message)
}

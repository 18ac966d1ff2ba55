import type { Command } from 'commander'
import { exitCodes } from '../../../../shared/process/errors.ts'
import { newCommand, type Common } from '../../command.ts'
import { backUp } from './backup.ts'
import { restore } from './restore.ts'
import { counted } from '../../counted.ts'

interface Deps {
  stdout: Pick<NodeJS.WritableStream, 'write'>
  end: (code: number) => void
}

type Options = Common & { json?: boolean }

/** `backup`: exit code 2 if an upload could not be backed up. */
export const backupCommand = ({ stdout, end }: Deps): Command =>
  newCommand('backup', { quiet: 'print errors only' })
    .description('Backs up a ledger with its uploads, also while the service runs.')
    .argument('<folder>', 'SCRIPTORIUM_DATA, or an output folder of ingest')
    .argument('<backup>', 'folder to create')
    .option('--json', 'print JSON')
    .action(async (folder: string, to: string, { json = false, quiet }: Options) => {
      const { target, manifest, damaged } = await backUp(folder, to)
      if (damaged.length > 0) end(exitCodes.someFailed)
      const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
      if (json) {
        const { files, ...rest } = manifest
        const told = { target, ...rest, files: files.length, bytes, damaged }
        stdout.write(`${JSON.stringify(told)}\n`)
        return
      }
      for (const name of damaged)
        stdout.write(`spool/inputs/${name} is damaged and was skipped; upload it again\n`)
      if (quiet) return
      stdout.write(
        `Backed up ${counted(manifest.files.length, 'file')}, ${Math.ceil(bytes / 2 ** 20)} MiB, to ${target}.\n` +
          `Copy it to another disk. To restore it: npx scriptorium restore ${target} ${manifest.source}\n`,
      )
    })

/** `restore`: keeps the present content beside the restored one. */
export const restoreCommand = ({ stdout }: Deps): Command =>
  newCommand('restore', { quiet: 'print errors only' })
    .description('Restores a backup. Keeps the present content in a folder beside it.')
    .argument('<backup>', 'folder that backup created')
    .argument('<folder>', 'SCRIPTORIUM_DATA, or an output folder of ingest; not in use')
    .option('--json', 'print JSON')
    .action(async (backup: string, to: string, { json = false, quiet }: Options) => {
      const { folder, manifest, aside } = await restore(backup, to)
      if (json) {
        const { createdAt } = manifest
        stdout.write(`${JSON.stringify({ folder, createdAt, aside: aside ?? null })}\n`)
        return
      }
      if (quiet) return
      stdout.write(`Restored ${folder} to its state of ${manifest.createdAt}.\n`)
      if (aside !== undefined)
        stdout.write(`The earlier content is in ${aside}; delete it when it is not needed.\n`)
      stdout.write(
        manifest.kind === 'data'
          ? 'Start the services again: they read everything that was unread at that time.\n'
          : `Repeat the ingest command to continue. npx scriptorium verify ${to} compares the output.\n`,
      )
    })

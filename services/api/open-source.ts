import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { ScriptoriumError, systemCode, type ErrorCode } from '../../shared/errors.ts'
import type { Outbound } from '../../shared/outbound.ts'
import { findPlace, type Root } from './roots.ts'
import type { UploadSource } from './schemas/options.ts'
import { readBase64 } from './uploads/base64.ts'
import { newUploads, takeFile, type Intake, type Uploads } from './uploads/uploads.ts'
import { openUrlSource } from './url-source.ts'

interface Deps {
  intake: Intake
  roots: readonly Root[]
  /** Undefined where URL sources are switched off. */
  outbound: Outbound | undefined
}

const urlTimeoutMs = 60_000

/** Brings the file that a JSON body names into the spool. */
export function createOpenSource({ intake, roots, outbound }: Deps) {
  const { store, limits } = intake
  return async (source: UploadSource, signal: AbortSignal): Promise<Uploads> => {
    const uploads = newUploads()
    const maxBytes = limits.maxFileBytes
    const takeFrom = async (stream: Readable, name: string): Promise<Uploads> => {
      try {
        await takeFile(uploads, name, () => store.receive(stream, { name, maxBytes, signal }))
        return uploads
      } finally {
        stream.destroy() // The store leaves it open where it refuses the file.
      }
    }
    switch (source.type) {
      case 'base64':
        return readBase64(source, intake)
      case 'path': {
        const { folder, input } = findPlace(roots, source.root, source.path)
        if (input === '') {
          throw new ScriptoriumError(
            'invalid_request',
            'path is a folder; POST /v1/runs reads folders',
          )
        }
        return takeFrom(await openFile(folder, input), basename(input))
      }
      case 'url': {
        if (outbound === undefined) {
          throw new ScriptoriumError(
            'url_refused',
            'URL sources are switched off; SCRIPTORIUM_URL_SOURCES=on allows them',
          )
        }
        const { stream, name } = await openUrlSource(outbound, source.url, {
          maxBytes,
          timeoutMs: urlTimeoutMs,
          signal,
        })
        return takeFrom(stream, name)
      }
    }
  }
}

export type OpenSource = ReturnType<typeof createOpenSource>

// O_NONBLOCK: opening a FIFO would wait for its writer for ever.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const reasons: Record<string, [ErrorCode, string]> = {
  ENOENT: ['not_found', 'is not there'],
  EACCES: ['permission_denied', 'may not be read by the service'],
  EPERM: ['permission_denied', 'may not be read by the service'],
  ELOOP: ['path_outside_root', 'is a symbolic link'],
  ENXIO: ['not_a_file', 'is not a file'],
}

/** Throws `not_found`, `permission_denied`, `path_outside_root` or `not_a_file`, telling the file's name only. */
async function openFile(folder: string, name: string): Promise<Readable> {
  const handle = await open(join(folder, name), flags).catch((thrown: unknown) => {
    const [code, reason] = reasons[systemCode(thrown) ?? ''] ?? []
    if (code === undefined) throw thrown
    throw new ScriptoriumError(code, `${name} ${reason}`, { cause: thrown })
  })
  if ((await handle.stat()).isFile()) return handle.createReadStream()
  await handle.close()
  throw new ScriptoriumError('not_a_file', `${name} is not a file`)
}

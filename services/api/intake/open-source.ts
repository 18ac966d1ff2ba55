import type { Readable } from 'node:stream'
import { ScriptoriumError, systemCode, type ErrorCode } from '../../../shared/process/errors.ts'
import { openBelow } from '../../../shared/files/open-below.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Held } from '../limits/limits.ts'
import { findPlace, type Root } from '../state/roots.ts'
import type { UploadSource } from '../schemas/options.ts'
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

/** Copies the file that a JSON body names into the spool. */
export function createOpenSource({ intake, roots, outbound }: Deps) {
  const { store, room, limits } = intake
  return async (source: UploadSource, holder: string, signal: AbortSignal): Promise<Uploads> => {
    const uploads = newUploads()
    const maxBytes = limits.maxFileBytes
    const takeFrom = async (
      stream: Readable,
      name: string,
      announced = maxBytes,
    ): Promise<Uploads> => {
      let reserved: Held | undefined
      try {
        reserved = await room.reserve(holder, Math.min(maxBytes, announced))
        const incoming = { name, maxBytes, signal, onBytes: reserved.giveBack }
        await takeFile(uploads, name, () => store.receive(stream, incoming))
        return uploads
      } finally {
        reserved?.release()
        stream.destroy() // The store leaves it open where it refuses the file.
      }
    }
    switch (source.type) {
      case 'base64':
        return readBase64(source, intake, holder)
      case 'path': {
        const { folder, input } = findPlace(roots, source.root, source.path)
        if (input === '') {
          throw new ScriptoriumError(
            'invalid_request',
            'source.path is a folder; POST /v1/runs reads folders',
          )
        }
        const { stream, bytes } = await openFile(folder, input)
        return takeFrom(stream, input, bytes)
      }
      case 'url': {
        if (outbound === undefined) {
          throw new ScriptoriumError(
            'url_refused',
            'URL sources are disabled; SCRIPTORIUM_URL_SOURCES=on enables them',
          )
        }
        const { stream, name, bytes } = await openUrlSource(outbound, source.url, {
          maxBytes,
          timeoutMs: urlTimeoutMs,
          signal,
        })
        return takeFrom(stream, name, bytes)
      }
    }
  }
}

export type OpenSource = ReturnType<typeof createOpenSource>

const reasons: Record<string, [ErrorCode, string]> = {
  ENOENT: ['not_found', 'does not exist'],
  ENOTDIR: ['not_found', 'does not exist'],
  EACCES: ['permission_denied', 'cannot be read by the server: permission denied'],
  EPERM: ['permission_denied', 'cannot be read by the server: permission denied'],
  ELOOP: ['path_outside_root', 'is a symbolic link'],
  ENXIO: ['not_a_file', 'is not a file'],
}

/** Throws `not_found`, `permission_denied`, `path_outside_root` or `not_a_file`, which name the file only. */
async function openFile(
  folder: string,
  name: string,
): Promise<{ stream: Readable; bytes: number }> {
  const place = { root: folder, path: name, follow: false }
  const handle = await openBelow(place).catch((thrown: unknown) => {
    if (thrown instanceof ScriptoriumError)
      throw new ScriptoriumError(thrown.code, `${name} ${thrown.message}`, { cause: thrown })
    const [code, reason] = reasons[systemCode(thrown) ?? ''] ?? []
    if (code === undefined) throw thrown
    throw new ScriptoriumError(code, `${name} ${reason}`, { cause: thrown })
  })
  const stat = await handle.stat()
  if (stat.isFile()) return { stream: handle.createReadStream(), bytes: stat.size }
  await handle.close()
  throw new ScriptoriumError('not_a_file', `${name} is not a file`)
}

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WorkerConfig } from '../../../../shared/process/config.ts'
import { ScriptoriumError } from '../../../../shared/process/errors.ts'
import type { Lines } from '../../../../shared/process/outage-log.ts'
import { createBlobCache } from './blob-cache.ts'
import { createBlobReader, type BlobReader } from './blob-reader.ts'
import { createDownload } from './download.ts'

/** Where a host finds the bytes of files. A reader of blobs is absent where the API's address is unknown. */
export type SourceWays =
  | { disk: true; blobs?: BlobReader | undefined }
  | { disk: false; blobs: BlobReader }

/** Where this worker finds the bytes of files, by its configuration. Throws `configuration`. */
export function sourceWays(config: WorkerConfig, log: Lines): SourceWays {
  const { SCRIPTORIUM_BLOBS: mode, SCRIPTORIUM_API_URL: apiUrl } = config
  if (mode === 'disk') return { disk: true }
  if (apiUrl !== undefined) {
    const { SCRIPTORIUM_BLOB_CACHE: folder, SCRIPTORIUM_BLOB_CACHE_BYTES: maxBytes } = config
    const cache =
      maxBytes === 0
        ? undefined
        : createBlobCache({ folder: folder ?? defaultFolder(), maxBytes, log })
    const blobs = createBlobReader({ download: createDownload({ apiUrl }), cache })
    return mode === 'http' ? { disk: false, blobs } : { disk: true, blobs }
  }
  if (mode === 'auto') return { disk: true }
  const message = 'SCRIPTORIUM_BLOBS=http needs SCRIPTORIUM_API_URL, the address of the API'
  throw new ScriptoriumError('configuration', message)
}

const defaultFolder = (): string => join(tmpdir(), `scriptorium-blobs-${process.getuid?.() ?? 0}`)

import type { Source, SourceRequest } from '../source.ts'
import type { BlobCache } from './blob-cache.ts'
import type { DownloadBlob } from './download.ts'

interface Deps {
  download: DownloadBlob
  /** Absent where nothing is kept on disk. */
  cache: BlobCache | undefined
}

/**
 * Files from the API, or from the copies that this host keeps. A copy is the planned content, so it is valid for as long
 * as jobs ask for that stat.
 */
export function createBlobReader({ download, cache }: Deps) {
  /** Downloads: their sources are kept, those of the cache are there already. */
  const downloaded = new WeakSet<Source>()
  return {
    async read(request: SourceRequest): Promise<Source> {
      const known = await cache?.find(request)
      if (known !== undefined) return known
      const source = await download(request)
      downloaded.add(source)
      return source
    },
    async keep(request: SourceRequest, source: Source): Promise<void> {
      if (downloaded.has(source)) await cache?.keep(request, source)
    },
  }
}

export type BlobReader = ReturnType<typeof createBlobReader>

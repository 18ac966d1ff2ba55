import { ScriptoriumError } from '../../../shared/process/errors.ts'
import type { BlobReader } from './blobs/blob-reader.ts'
import type { SourceWays } from './blobs/source-ways.ts'
import { checkSource, readSource, type Source, type SourceRequest } from './source.ts'

/**
 * Planned files from this host's disk, or from the API. A host may have other files under the same paths, or none: where
 * the disk fails, the API's answer counts. The methods throw the errors of `openPlanned`, `read` those of the reader of
 * blobs too.
 */
export function createSources(ways: SourceWays) {
  const orBlob = async <T>(
    fromDisk: () => Promise<T>,
    fromApi: (blobs: BlobReader) => Promise<T>,
  ): Promise<T> => {
    if (!ways.disk) return fromApi(ways.blobs)
    try {
      return await fromDisk()
    } catch (thrown) {
      if (ways.blobs === undefined || !(thrown instanceof ScriptoriumError)) throw thrown
      return fromApi(ways.blobs)
    }
  }
  return {
    read: (request: SourceRequest): Promise<Source> =>
      orBlob(
        () => readSource(request),
        (blobs) => blobs.read(request),
      ),
    /** Whether an open document may still be used. A blob is the planned content, however its file has changed since. */
    check: (request: SourceRequest): Promise<void> =>
      orBlob(
        () => checkSource(request),
        () => Promise.resolve(),
      ),
    /** Keeps the bytes of a document whose pages will be taken one by one, where they came from the API. */
    keep: async (request: SourceRequest, source: Source): Promise<void> =>
      ways.blobs?.keep(request, source),
  }
}

export type Sources = ReturnType<typeof createSources>

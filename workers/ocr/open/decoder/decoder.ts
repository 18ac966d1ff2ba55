import { programBeside } from '../../../../shared/files/package-root.ts'
import { createConfinedProcess } from '../../../../shared/confined/confined-process.ts'
import type { PageDecoderCalls } from './calls.ts'

/**
 * The process that decodes untrusted input: PDFs, and every image whose memory is not known to be small. One process
 * serves the whole worker, because its limit is a share of the worker's container.
 */
export function createPageDecoder(maxBytes: number) {
  return createConfinedProcess<PageDecoderCalls>({
    script: programBeside(import.meta.url, '../decoder-process'),
    maxBytes,
    keepBytes: maxBytes / 2,
    limitName: 'SCRIPTORIUM_DECODE_MEMORY',
    done: 'decoded',
  })
}

export type PageDecoder = ReturnType<typeof createPageDecoder>

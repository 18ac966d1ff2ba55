import type { PictureJob } from '../../../shared/contract/messages/picture-job.ts'
import { ScriptoriumError } from '../../../shared/process/errors.ts'
import { sharp } from '../../../shared/raster/sharp.ts'
import type { OpenDocuments } from '../open/open-documents.ts'
import type { PagePicture } from '../open/opened.ts'

interface Deps {
  documents: OpenDocuments
  maxBytes: number
  /** Returns the password that the run was given, while the run lasts. */
  password: (runId: string) => Promise<string | undefined>
}

/** libvips' scale: letters stay sharp, and a page of 1 600 pixels takes about 150 kB. */
const quality = 78
/** Libwebp's: higher takes seconds for a tenth less. */
const effort = 2

/**
 * Renders a page as WebP, in the pixels of its result. Throws the errors of opening a document, whose messages follow
 * the file's name.
 */
export function createRenderPicture({ documents, maxBytes, password }: Deps) {
  return async (jobId: string, job: PictureJob): Promise<Buffer> => {
    const request = { ...job, jobId, maxBytes }
    const source = await documents.get(request, () => password(job.runId))
    try {
      const { document } = source
      if (job.page > document.pagesTotal) {
        throw new ScriptoriumError('page_out_of_range', `no longer has page ${job.page}`)
      }
      return await encode(await document.picture(job.page, job))
    } finally {
      await documents.putBack(request, source)
    }
  }
}

function encode({ rgb, width, height }: PagePicture): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const
  return sharp(rgb, { raw }).webp({ quality, effort }).toBuffer()
}

import type { Raster } from '../../../../shared/raster/raster.ts'
import type { TiffPage } from '../../../../shared/raster/tiff.ts'

interface Encoded {
  bytes: Uint8Array<ArrayBuffer>
  maxMegapixels: number
}

/** What the raster thread can be asked. */
export interface RasterCalls {
  bmp: { argument: Encoded; answer: Raster }
  pnm: { argument: Encoded; answer: Raster }
  /** Of a page that is alone in its file. */
  tiff: { argument: Encoded; answer: TiffPage }
}

import type { Raster } from './raster.ts'
import type { TiffPage } from './tiff.ts'

interface Encoded {
  bytes: Uint8Array<ArrayBuffer>
  maxMegapixels: number
}

/** What the raster thread can be asked. */
export interface RasterCalls {
  bmp: { argument: Encoded; answer: Raster }
  pnm: { argument: Encoded; answer: Raster }
  /** `index` counts from 0. */
  tiff: { argument: { bytes: Uint8Array<ArrayBuffer>; index: number }; answer: TiffPage }
}

import type { Packing, TiffPage } from '../../../../../shared/raster/tiff.ts'
import type { Picture } from './image.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** What the raster thread can be asked, one thing a thread. */
export interface RasterTasks {
  bmp: { argument: { bytes: Bytes }; answer: Picture }
  pnm: { argument: { bytes: Bytes }; answer: Picture }
  /** Of a page that is alone in its file. */
  tiff: { argument: { bytes: Bytes }; answer: TiffPage }
  /** Rows of packed samples that were decoded as bytes. */
  packed: { argument: { rows: Bytes; height: number; packing: Packing }; answer: Picture }
  /** L*a*b* that was decoded as RGB. */
  lab: { argument: LabSamples; answer: Picture }
}

export interface LabSamples {
  width: number
  height: number
  samples: Bytes
  /** TIFF's number for the variant: 8, 9 or 10. */
  photometric: number
}

export type RasterTask = {
  [Kind in keyof RasterTasks]: { kind: Kind } & RasterTasks[Kind]['argument']
}[keyof RasterTasks]

/** The thread in which our own decoders work: whatever a file makes them do, they can be ended. */
import { serve } from '../thread-server.ts'
import { decodeBmp } from '../../../../shared/raster/bmp.ts'
import type { RasterCalls } from './calls.ts'
import { decodePnm } from '../../../../shared/raster/pnm.ts'
import { eightBits } from '../../../../shared/raster/raster.ts'
import { makeDecodable } from '../../../../shared/raster/tiff.ts'

serve<RasterCalls>(
  {
    bmp({ bytes, maxMegapixels }) {
      const answer = decodeBmp(Buffer.from(bytes.buffer), maxMegapixels)
      return { answer, transfer: [answer.samples.buffer] }
    },
    pnm({ bytes, maxMegapixels }) {
      const answer = decodePnm(Buffer.from(bytes.buffer), maxMegapixels, eightBits)
      return { answer, transfer: [answer.samples.buffer] }
    },
    async tiff({ bytes, maxMegapixels }) {
      return { answer: await makeDecodable(Buffer.from(bytes.buffer), maxMegapixels) }
    },
  },
  () => 0,
)

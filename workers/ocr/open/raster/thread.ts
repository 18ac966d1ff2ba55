/** The thread in which our own decoders work: whatever a file makes them do, they can be ended. */
import { serve } from '../thread-server.ts'
import { decodeBmp } from './bmp.ts'
import type { RasterCalls } from './calls.ts'
import { decodePnm } from './pnm.ts'
import { makeDecodable } from './tiff.ts'

serve<RasterCalls>(
  {
    bmp({ bytes, maxMegapixels }) {
      const answer = decodeBmp(Buffer.from(bytes.buffer), maxMegapixels)
      return { answer, transfer: [answer.samples.buffer] }
    },
    pnm({ bytes, maxMegapixels }) {
      const answer = decodePnm(Buffer.from(bytes.buffer), maxMegapixels)
      return { answer, transfer: [answer.samples.buffer] }
    },
    async tiff({ bytes, index }) {
      return { answer: await makeDecodable(Buffer.from(bytes.buffer), index) }
    },
  },
  () => 0,
)

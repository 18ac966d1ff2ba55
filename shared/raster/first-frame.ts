import { firstGifFrame } from './headers/gif.ts'
import { firstWebpFrame } from './headers/webp.ts'

/**
 * Returns the bytes that a decoder needs: of an animation the first frame, which is its page. Decoders scan all frames
 * at each opening, before any limit or deadline takes effect, and for longer than a long file is worth. A file with one
 * frame is not copied.
 */
export function firstFrame(bytes: Buffer, mediaType: string | null): Buffer {
  switch (mediaType) {
    case 'image/gif':
      return firstGifFrame(bytes)
    case 'image/webp':
      return firstWebpFrame(bytes)
    default:
      return bytes
  }
}

/**
 * An image's size according to the file's first bytes. Nothing is decoded here, and nothing is trusted: a header may
 * claim any size. Own readers: `image-size` gives width and height, but not the depth, channels, interlacing and coding
 * that decide how much memory a decoder needs.
 */
export interface ImageHeader {
  width: number
  height: number
}

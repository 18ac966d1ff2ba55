/**
 * An image's size according to the file's first bytes. Nothing is decoded here, and nothing is trusted: a header may
 * claim any size.
 */
export interface ImageHeader {
  width: number
  height: number
}

/** A4 at 600 DPI has 35. What is decoded in this process takes up to seven bytes of its memory a pixel. */
export const maxMegapixels = 40
/** Longest that one picture may take, milliseconds. */
export const deadlineMs = 120_000
/** Of a thread; samples lie outside of it. */
export const heapMegabytes = 256

/** The fields that this service reads or writes: TIFF 6.0, section 8 and later, and its supplements. */
export const tags = {
  newSubfileType: 254,
  subfileType: 255,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planarConfiguration: 284,
  t4Options: 292,
  t6Options: 293,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subDirectories: 330,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  jpegProcess: 512,
  jpegOffset: 513,
  jpegLength: 514,
  jpegRestartInterval: 515,
  jpegQTables: 519,
  jpegDcTables: 520,
  jpegAcTables: 521,
  subsampling: 530,
  referenceBlackWhite: 532,
  colourProfile: 34_675,
} as const

/** Values of `compression`. */
export const compressions = {
  none: 1,
  huffman: 2,
  fax3: 3,
  fax4: 4,
  lzw: 5,
  oldJpeg: 6,
  jpeg: 7,
  deflate: 8,
  packBits: 32_773,
  oldDeflate: 32_946,
  lzma: 34_925,
  zstd: 50_000,
  webp: 50_001,
} as const

/** Values of `photometric`. */
export const photometrics = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  separated: 5,
  ycbcr: 6,
  cieLab: 8,
  /** Supplement 2. */
  iccLab: 9,
  /** RFC 2301, section 6.2.3. */
  ituLab: 10,
} as const

/** A value of `planarConfiguration`: each channel has separate strips. */
export const separatePlanes = 2

/** The entries of a picture's dictionary. */
export interface PictureHead {
  /** Pixels, as stored. */
  width: number
  height: number
  colour: Colour
  bits: number
  /** Filter, Decode and other required entries, as PDF text. */
  entries: string
}

/** A picture for a PDF, with its encoded data. */
export interface Picture extends PictureHead {
  data: readonly Uint8Array[]
  /** Opacity of each pixel: grey, of the same size. */
  mask?: Picture
}

/** The picture of one page. */
export interface PageImage extends Picture {
  orientation: StoredOrientation
}

/** EXIF's: how to turn the stored pixels for display. */
export type StoredOrientation = number

/** A picture whose data come in chunks, those of its mask before its own. */
export interface StreamedPicture extends PictureHead {
  bytes: number
  data: () => AsyncIterable<Uint8Array>
  mask?: Omit<StreamedPicture, 'mask'>
}

export interface StreamedImage extends StreamedPicture {
  orientation: StoredOrientation
}

export type Colour =
  | { kind: 'grey' | 'rgb' | 'cmyk'; profile?: Uint8Array }
  | { kind: 'indexed'; palette: Uint8Array; profile?: Uint8Array }
  /** The data contain it. */
  | { kind: 'inherent' }

/** Longer profiles would make small pictures much larger than they were. */
const longestProfile = 8_192

/** A colour profile to embed with the picture, where it fits the picture's colours. */
export function fittingProfile(
  kind: 'grey' | 'rgb',
  profile?: Uint8Array,
): { profile?: Uint8Array } {
  if (profile === undefined || profile.length > longestProfile || profile.length < 128) return {}
  const space = Buffer.from(profile).toString('latin1', 16, 20)
  // Readers treat a picture without a profile as sRGB, and are three times as fast without one.
  const text = Buffer.from(profile).toString('latin1').replaceAll('\0', '')
  if (text.includes('sRGB')) return {}
  return space === (kind === 'grey' ? 'GRAY' : 'RGB ') ? { profile } : {}
}

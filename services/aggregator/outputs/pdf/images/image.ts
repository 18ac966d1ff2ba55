/** A picture as a PDF takes it: the entries of its dictionary as PDF text, and its data as they lie in the file. */
export interface Picture {
  /** Pixels, as stored. */
  width: number
  height: number
  colour: Colour
  bits: number
  /** Filter, Decode and what else it needs. */
  entries: string
  data: readonly Uint8Array[]
  /** How much of each pixel is to be seen: grey, of the same size. */
  mask?: Picture
}

/** The picture of one page. */
export interface PageImage extends Picture {
  /** EXIF's: what is to be done to the stored pixels to show them. */
  orientation: number
}

export type Colour =
  | { kind: 'grey' | 'rgb' | 'cmyk'; profile?: Uint8Array }
  | { kind: 'indexed'; palette: Uint8Array; profile?: Uint8Array }
  /** The data tell it. */
  | { kind: 'inherent' }

/** Longer profiles would make small pictures much larger than they were. */
const longestProfile = 8_192

/** A colour profile where it fits the picture's colours, to be embedded with it. */
export function fittingProfile(
  kind: 'grey' | 'rgb',
  profile?: Uint8Array,
): { profile?: Uint8Array } {
  if (profile === undefined || profile.length > longestProfile || profile.length < 128) return {}
  const space = Buffer.from(profile).toString('latin1', 16, 20)
  // Readers take what has no profile for sRGB, and are three times as quick without one.
  const text = Buffer.from(profile).toString('latin1').replaceAll('\0', '')
  if (text.includes('sRGB')) return {}
  return space === (kind === 'grey' ? 'GRAY' : 'RGB ') ? { profile } : {}
}

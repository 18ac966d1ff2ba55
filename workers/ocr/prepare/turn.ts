import type { Orientation } from '../../../shared/contract/result/page.ts'
import type { ExifOrientation } from '../open/opened.ts'
import type { Grey } from './grey.ts'
import type { PagePoint } from './mapping.ts'

/** Makes a page's pixels upright: first a flip left to right, then a clockwise turn. */
export type Turn = Omit<Orientation, 'skew'>

/** The turn that makes each of EXIF's eight orientations upright. */
const exifTurns: Record<ExifOrientation, Turn> = {
  1: { isMirrored: false, rotation: 0 },
  2: { isMirrored: true, rotation: 0 },
  3: { isMirrored: false, rotation: 180 },
  4: { isMirrored: true, rotation: 180 },
  5: { isMirrored: true, rotation: 270 },
  6: { isMirrored: false, rotation: 90 },
  7: { isMirrored: true, rotation: 90 },
  8: { isMirrored: false, rotation: 270 },
}

export const turnOf = (orientation: ExifOrientation): Turn => exifTurns[orientation]

const rotations = [0, 90, 180, 270] as const

export const upright: Turn = { isMirrored: false, rotation: 0 }

/** Combines two turns. The second, where it mirrors, undoes the rotation of the first before its own. */
export function turnOn(first: Turn, second: Turn): Turn {
  const before = second.isMirrored ? 360 - first.rotation : first.rotation
  return {
    isMirrored: first.isMirrored !== second.isMirrored,
    rotation: rotations[((before + second.rotation) % 360) / 90] ?? 0,
  }
}

/** Maps a point of the turned image to the image before, which is `width` x `height`. */
export function placeBeforeTurn(
  { isMirrored, rotation }: Turn,
  { width, height }: Pick<Grey, 'width' | 'height'>,
  { x, y }: PagePoint,
): PagePoint {
  const unturned = unturn(rotation, width, height, x, y)
  return isMirrored ? { x: width - unturned.x, y: unturned.y } : unturned
}

function unturn(
  rotation: Turn['rotation'],
  width: number,
  height: number,
  x: number,
  y: number,
): PagePoint {
  switch (rotation) {
    case 0:
      return { x, y }
    case 90:
      return { x: y, y: height - x }
    case 180:
      return { x: width - x, y: height - y }
    case 270:
      return { x: width - y, y: x }
  }
}

/**
 * A sideways turn fills the page in strips of this width: with whole rows, each row would fetch the whole source again.
 */
const strip = 64

/** Returns a new image, flipped and turned; the same image where there is nothing to do. */
export function turn(image: Grey, how: Turn): Grey {
  const { isMirrored, rotation } = how
  if (!isMirrored && rotation === 0) return image
  const isSideways = rotation === 90 || rotation === 270
  const width = isSideways ? image.height : image.width
  const height = isSideways ? image.width : image.height
  const data = new Uint8Array(width * height)
  // Pixel centres are at half pixels: these three determine every step through the source image.
  const pixelBefore = (x: number, y: number): number => {
    const before = placeBeforeTurn(how, image, { x: x + 0.5, y: y + 0.5 })
    return Math.floor(before.y) * image.width + Math.floor(before.x)
  }
  const start = pixelBefore(0, 0)
  const [across, down] = [pixelBefore(1, 0) - start, pixelBefore(0, 1) - start]
  const step = isSideways ? strip : width
  for (let left = 0; left < width; left += step) {
    const right = Math.min(left + step, width)
    for (let y = 0; y < height; y += 1) {
      let from = start + y * down + left * across
      for (let to = y * width + left; to < y * width + right; to += 1, from += across) {
        data[to] = image.data[from] ?? 0
      }
    }
  }
  return { data, width, height }
}

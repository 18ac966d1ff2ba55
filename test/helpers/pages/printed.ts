import sharp from 'sharp'

/** Red, green and blue, 0 to 255 each, or one grey. */
type Colour = number | readonly [red: number, green: number, blue: number]

interface Print {
  lines: readonly string[]
  paper?: Colour
  ink?: Colour
  /** Size of the type, pixels. */
  size?: number
  width?: number
  height?: number
}

/** A paragraph of our own. */
export const prose = [
  'The ferry leaves when the lantern on the pier',
  'turns green. Carry your own blanket, and count',
  'the sacks before the clerk does. Bread is sold',
  'at noon beside the rope store. Nobody knows',
  'who paints the bell, but it is blue each spring',
  'and grey again before the apples are picked.',
]

const rgb = (colour: Colour): string =>
  `rgb(${typeof colour === 'number' ? [colour, colour, colour].join() : colour.join()})`

/** A page of lines of type, in colours. Our own processes block SVG: tests that import them draw with it all the same. */
export function print({
  lines,
  paper = 255,
  ink = 0,
  size = 40,
  width = 1_240,
  height = 900,
}: Print) {
  sharp.unblock({ operation: ['VipsForeignLoadSvg'] })
  const written = lines.map(
    (line, at) =>
      `<text x="100" y="${120 + Math.round(at * size * 1.8)}" font-family="Liberation Serif, serif" font-size="${size}" fill="${rgb(ink)}">${line}</text>`,
  )
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${rgb(paper)}"/>${written.join('')}</svg>`
  return sharp(Buffer.from(svg)).removeAlpha()
}

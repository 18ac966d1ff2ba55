import sharp, { type Sharp } from 'sharp'
import { explainRefusal } from '../open/image.ts'
import type { PreparedPage } from '../engine.ts'

/** One named change to a page's pixels. */
interface Step {
  name: string
  apply: (image: Sharp) => Sharp
}

/** What every page goes through before the engine sees it, in this order. */
const steps: readonly Step[] = [
  { name: 'autoOrient', apply: (image) => image.autoOrient() },
  { name: 'flatten', apply: (image) => image.flatten({ background: 'white' }) },
  { name: 'grey', apply: (image) => image.greyscale() },
]

/** Decoding longer than this is an attack or a mistake, seconds. */
const decodeSeconds = 60

/**
 * Decodes page `page` (from 1) of an image file and makes it ready for the engine.
 * Throws `corrupt_image` or `too_large`; the message is complete after the file's name.
 */
export async function preparePage(
  bytes: Buffer,
  page: number,
  label: string,
  maxMegapixels: number,
): Promise<PreparedPage> {
  const decoded = sharp(bytes, {
    page: page - 1,
    limitInputPixels: maxMegapixels * 1e6,
    // 'warning' refuses sound scans with odd metadata, 'none' turns a cut-off page into grey without a word.
    failOn: 'error',
  })
  const prepared = steps.reduce((image, step) => step.apply(image), decoded)
  try {
    const { data, info } = await prepared
      .timeout({ seconds: decodeSeconds })
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    const { width, height } = info
    const header = Buffer.from(`P5\n${width} ${height}\n255\n`)
    return { pgm: Buffer.concat([header, data]), width, height, label }
  } catch (thrown) {
    throw await explainRefusal(bytes, page, maxMegapixels, thrown)
  }
}

import type { PageResult } from '../../../shared/contract/result/page.ts'
import type { PdfFile } from './file/assembly.ts'
import type { Fonts } from './text/fonts.ts'
import type {
  Colour,
  StoredOrientation,
  StreamedImage,
  StreamedPicture,
} from '../decoder/picture.ts'
import { PageRefused, type StreamedImages } from './images/streamed-images.ts'
import { compose, decimal, decimals, isSideways, orientationMatrix, type Matrix } from './matrix.ts'
import { fontEntries, makeTextLayer } from './text/text-layer.ts'

const pointsPerInch = 72
/** The longest side that readers must support, 200 inches (ISO 32000-1, annex C). */
const longestPoints = 14_400
/** For a file without a resolution: the finest of these at which its longer side has at least 8 inches. */
const guesses = [300, 200, 150, 100]
const fewestInches = 8
const a4 = { width: 595, height: 842 }

interface Deps {
  file: PdfFile
  fonts: Fonts
  /** Object number of the page tree's root. */
  parent: number
}

interface Page {
  number: number
  result: PageResult | undefined
  /** The worker could not decode it: it is not decoded again, and stays empty. */
  isRefused: boolean
}

/** Writes one page with its picture and its text. Calls `take` with the page's object number. */
export async function* writeImagePage(
  { file, fonts, parent }: Deps,
  images: StreamedImages,
  { number, result, isRefused }: Page,
  take: (object: number) => void,
): AsyncGenerator<Buffer> {
  const page = file.allocate()
  take(page)
  const head = `<</Type/Page/Parent ${parent} 0 R`
  const image = isRefused ? undefined : await pictureOf(images, number)
  if (image === undefined) {
    const size = await emptySize(images, number)
    yield* file.object(page, `${head}${mediaBox(size)}/Resources<<>>>>`)
    return
  }
  const shown = layOut(image, result)
  const picture = yield* writePicture(file, image)
  const text = result === undefined ? undefined : makeTextLayer(result, shown.text, fonts)
  const content = `q ${decimals(shown.picture)} cm /I Do Q\n${text?.content ?? ''}`
  const contents = file.allocate()
  yield* file.deflated(contents, '', content)
  const resources = `/Resources<</XObject<</I ${picture} 0 R>>/Font<<${fontEntries(text?.faces ?? [])}>>>>`
  yield* file.object(page, `${head}${mediaBox(shown.size)}${resources}/Contents ${contents} 0 R>>`)
}

/** A page that cannot be shown stays empty, so that the others keep their numbers. */
async function pictureOf(
  images: StreamedImages,
  number: number,
): Promise<StreamedImage | undefined> {
  try {
    return await images.page(number)
  } catch (thrown) {
    if (images.pagesTotal > 1 && thrown instanceof PageRefused) return undefined
    throw thrown
  }
}

async function emptySize(images: StreamedImages, number: number): Promise<Size> {
  const size = await images.size(number)
  if (size === undefined) return a4
  const { width, height } = size
  const scale = pointsPerInch / resolutionOf(Math.max(width, height), null)
  return { width: width * scale, height: height * scale }
}

interface Size {
  width: number
  height: number
}

type Sized = Size & { orientation: StoredOrientation }

const mediaBox = ({ width, height }: Size): string =>
  `/MediaBox[0 0 ${decimal(width)} ${decimal(height)}]`

/** The page's size in points, and the maps to it: from the picture's unit square, and from the results' pixels. */
function layOut(image: StreamedImage, result: PageResult | undefined) {
  const { width, height, orientation } = withSquarePixels(image, result)
  const isTurned = isSideways(orientation)
  const shown = isTurned ? { width: height, height: width } : { width, height }
  const scale = pointsPerInch / resolutionOf(Math.max(width, height), result?.dpi ?? null)
  const toPoints: Matrix = [scale, 0, 0, -scale, 0, shown.height * scale]
  const fromStored = compose(toPoints, orientationMatrix(orientation, width, height))
  const [read, isUpright] = [result ?? { width, height }, isRead(result, image)]
  const of = isUpright ? shown : { width, height }
  const stretch: Matrix = [of.width / read.width, 0, 0, of.height / read.height, 0, 0]
  return {
    size: { width: shown.width * scale, height: shown.height * scale },
    picture: compose(fromStored, [width, 0, 0, -height, 0, height]),
    text: compose(isUpright ? toPoints : fromStored, stretch),
  }
}

/** The size of a picture whose pixels were made square before it was read: the results use those. */
function withSquarePixels(image: Sized, result: PageResult | undefined): Sized {
  if (result === undefined || result.width < 1 || result.height < 1) return image
  if (isRead(result, image)) return image
  const ratio = (result.width * image.height) / (result.height * image.width)
  const isSquare = Math.max(ratio, 1 / ratio) < minRatio
  return isSquare ? image : { ...image, width: result.width, height: result.height }
}

/** Rounding explains less. */
const minRatio = 1.02

/** Whether the results use the pixels of the page as shown, not as stored, judged by its width and height. */
const isRead = (result: PageResult | undefined, { width, height, orientation }: Sized): boolean =>
  result !== undefined &&
  isSideways(orientation) &&
  width !== height &&
  result.width === height &&
  result.height === width

function resolutionOf(longest: number, dpi: number | null): number {
  const guess = guesses.find((each) => longest / each >= fewestInches) ?? pointsPerInch
  return Math.max(dpi !== null && dpi > 0 ? dpi : guess, (longest * pointsPerInch) / longestPoints)
}

/** Returns the object's number. */
async function* writePicture(
  file: PdfFile,
  image: StreamedPicture,
): AsyncGenerator<Buffer, number> {
  const { width, height, colour, bits, entries, bytes, data, mask } = image
  const soft = mask === undefined ? undefined : yield* writePicture(file, mask)
  const profile = colour.kind === 'inherent' || colour.kind === 'cmyk' ? undefined : colour.profile
  const profileNumber = profile === undefined ? undefined : file.allocate()
  if (profile !== undefined && profileNumber !== undefined) {
    yield* file.deflated(profileNumber, `/N ${colour.kind === 'grey' ? 1 : 3}`, profile)
  }
  const space = colourSpace(colour, profileNumber)
  const number = file.allocate()
  const masked = soft === undefined ? '' : `/SMask ${soft} 0 R`
  const head = `/Type/XObject/Subtype/Image/Width ${width}/Height ${height}`
  const depth = space === '' ? '' : `/ColorSpace${space}/BitsPerComponent ${bits}`
  const dictionary = `<<${head}${depth}${entries}${masked}/Length ${bytes}>>`
  yield* file.streamed(number, dictionary, data())
  return number
}

function colourSpace(colour: Colour, profile: number | undefined): string {
  const based = profile === undefined ? undefined : `[/ICCBased ${profile} 0 R]`
  switch (colour.kind) {
    case 'grey':
      return based ?? '/DeviceGray'
    case 'rgb':
      return based ?? '/DeviceRGB'
    case 'cmyk':
      return '/DeviceCMYK'
    case 'indexed': {
      const hex = Buffer.from(colour.palette).toString('hex')
      return `[/Indexed${based ?? '/DeviceRGB'} ${Math.floor(colour.palette.length / 3) - 1}<${hex}>]`
    }
    case 'inherent':
      return ''
  }
}

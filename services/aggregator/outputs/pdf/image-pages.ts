import type { PageResult } from '../../../../shared/contract.ts'
import { ScriptoriumError } from '../../../../shared/errors.ts'
import type { PdfFile } from './assembly.ts'
import type { Fonts } from './fonts.ts'
import type { Colour, PageImage, Picture } from './images/image.ts'
import type { Images } from './images/open-images.ts'
import { compose, decimal, decimals, isSideways, orientationMatrix, type Matrix } from './matrix.ts'
import { fontEntries, makeTextLayer } from './text-layer.ts'

const pointsPerInch = 72
/** The longest side that readers must show, 200 inches (ISO 32000-1, annex C). */
const longestPoints = 14_400
/** Where a file does not tell its resolution: the finest of these at which its longer side has at least 8 inches. */
const guesses = [300, 200, 150, 100]
const fewestInches = 8
const a4 = { width: 595, height: 842 }

interface Deps {
  file: PdfFile
  fonts: Fonts
  /** The number of the page tree's root. */
  parent: number
}

/** Writes one page with its picture and its text. `take` is given the page's object number. */
export async function* writeImagePage(
  { file, fonts, parent }: Deps,
  images: Images,
  number: number,
  result: PageResult | undefined,
  take: (object: number) => void,
): AsyncGenerator<Buffer> {
  const page = file.allocate()
  take(page)
  const head = `<</Type/Page/Parent ${parent} 0 R`
  const image = await pictureOf(images, number)
  if (image === undefined) {
    yield* file.object(page, `${head}${mediaBox(a4)}/Resources<<>>>>`)
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

/** A page that cannot be shown was not read either: it stays empty, and the others have their numbers. */
async function pictureOf(images: Images, number: number): Promise<PageImage | undefined> {
  try {
    return await images.page(number)
  } catch (thrown) {
    if (images.pagesTotal > 1 && thrown instanceof ScriptoriumError) return undefined
    throw thrown
  }
}

interface Size {
  width: number
  height: number
}

const mediaBox = ({ width, height }: Size): string =>
  `/MediaBox[0 0 ${decimal(width)} ${decimal(height)}]`

/** The page's size in points, and the maps to it: of the picture's unit square, and of the pixels that results are in. */
function layOut(image: PageImage, result: PageResult | undefined) {
  const { width, height, orientation } = image
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

/** Whether the results are in pixels of the page as it is shown, and not as it is stored: its sides tell. */
const isRead = (
  result: PageResult | undefined,
  { width, height, orientation }: PageImage,
): boolean =>
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
export function* writePicture(file: PdfFile, image: Picture): Generator<Buffer, number> {
  const { width, height, colour, bits, entries, data, mask } = image
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
  yield* file.stream(
    number,
    `${head}${space === '' ? '' : `/ColorSpace${space}/BitsPerComponent ${bits}`}${entries}${masked}`,
    data,
  )
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

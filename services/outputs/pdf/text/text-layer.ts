import type { Word } from '../../../../shared/contract/result/layout.ts'
import type { PageResult } from '../../../../shared/contract/result/page.ts'
import { isRightToLeft } from '../../xml/direction.ts'
import { advance } from './font-file.ts'
import type { Face, Fonts } from './fonts.ts'
import { decimal, decimals, type Matrix } from '../matrix.ts'
import { adjoinsNext, placeWords, type Placement } from './placement.ts'

/** A page's invisible text: operators of a content stream, and the fonts they name. */
interface TextLayer {
  content: string
  faces: Face[]
}

/** Sets each word over its picture. `toPage` maps the page's pixels to the space of the PDF's page. */
export function makeTextLayer(page: PageResult, toPage: Matrix, fonts: Fonts): TextLayer {
  const faces = new Map<string, Face>()
  const operators: string[] = []
  for (const { paragraphs } of page.blocks) {
    for (const { lines } of paragraphs) {
      for (const line of lines) {
        const places = placeWords(line, toPage)
        const last = line.words.length - 1
        line.words.forEach((word, index) => {
          const placement = places[index]
          if (placement === undefined || word.text === '') return
          const face = fonts.face(placement)
          faces.set(face.name, face)
          operators.push(
            setWord(word, placement, face, fonts, index < last && !adjoinsNext(line, index)),
          )
        })
      }
    }
  }
  const content = operators.length === 0 ? '' : `q BT 3 Tr\n${operators.join('')}ET Q\n`
  return { content, faces: [...faces.values()] }
}

/** A space after a word separates it from the next for readers; it is not part of the width. */
function setWord(
  { text }: Word,
  { start, along, width, size }: Placement,
  { name }: Face,
  fonts: Fonts,
  hasSpace: boolean,
): string {
  const count = Array.from(text).length
  const stretch = (100 * width) / ((count * size * advance) / 1_000)
  const matrix = [along.x, along.y, -along.y, along.x, start.x, start.y]
  // Mirrored along its line it runs from right to left, with its characters in reading order.
  const isMirrored = isRightToLeft(text)
  const placed = isMirrored
    ? [-along.x, -along.y, -along.y, along.x, start.x + along.x * width, start.y + along.y * width]
    : matrix
  const place = `${decimals(placed.slice(0, 4))} ${decimal(placed[4] ?? 0, 2)} ${decimal(placed[5] ?? 0, 2)}`
  const string = fonts.encode(hasSpace ? `${text} ` : text)
  return `/${name} ${decimal(size, 2)} Tf ${decimal(stretch, 2)} Tz ${place} Tm ${string} Tj\n`
}

/** The page's entries for its fonts. */
export const fontEntries = (faces: readonly Face[]): string =>
  faces.map(({ name, number }) => `/${name} ${number} 0 R`).join('')

import { deflateSync } from 'node:zlib'
import {
  PDFArray,
  type PDFDict,
  PDFName,
  PDFRawStream,
  PDFRef,
  type PDFContext,
  type PDFObject,
} from '@cantoo/pdf-lib'
import { readGlyphNames } from '../../../../shared/fonts/glyph-names.ts'
import { toCMap } from '../text/fonts.ts'
import { dataOf, dictionary } from './bare-page.ts'
import type { FoundPage } from './pages.ts'

/** A font without a Unicode table, and a table for it, deflated. */
export interface UnnamedFont {
  number: number
  generation: number
  /** The entries of its dictionary, as PDF text. */
  entries: string
  table: Uint8Array
}

const maxFonts = 64
const maxFontBytes = 32 * 2 ** 20

/**
 * Finds fonts that number their glyphs ("Identity-H"), without a Unicode table, whose embedded TrueType program names
 * the glyphs.
 */
export function findUnnamedFonts(context: PDFContext, pages: readonly FoundPage[]): UnnamedFont[] {
  const seen = new Set<PDFObject>()
  const found: UnnamedFont[] = []
  for (const { entries } of pages) {
    const resources = dictionary(context, entries.get('Resources'))
    const fonts = dictionary(context, resources?.get(PDFName.of('Font')))
    for (const [, ref] of fonts?.entries() ?? []) {
      if (!(ref instanceof PDFRef) || seen.has(ref) || found.length >= maxFonts) continue
      seen.add(ref)
      const font = dictionary(context, ref)
      const table = font && tableOf(context, font)
      if (font === undefined || table === undefined) continue
      const written = font.entries().map(([key, value]) => `${key.toString()} ${value.toString()}`)
      const { objectNumber: number, generationNumber: generation } = ref
      found.push({ number, generation, entries: written.join(''), table })
    }
  }
  return found
}

function tableOf(context: PDFContext, font: PDFDict): Uint8Array | undefined {
  if (font.has(PDFName.of('ToUnicode'))) return undefined
  const encoding = context.lookup(font.get(PDFName.of('Encoding')))
  if (encoding !== PDFName.of('Identity-H') && encoding !== PDFName.of('Identity-V'))
    return undefined
  const descendants = context.lookup(font.get(PDFName.of('DescendantFonts')))
  const glyphs =
    descendants instanceof PDFArray ? dictionary(context, descendants.get(0)) : undefined
  const map = context.lookup(glyphs?.get(PDFName.of('CIDToGIDMap')))
  if (map !== undefined && map !== PDFName.of('Identity')) return undefined
  const descriptor = dictionary(context, glyphs?.get(PDFName.of('FontDescriptor')))
  const program = context.lookup(descriptor?.get(PDFName.of('FontFile2')))
  const data = program instanceof PDFRawStream ? dataOf(program, maxFontBytes) : undefined
  const names = data && readGlyphNames(data)
  if (names === undefined || names.size === 0) return undefined
  const codes = new Map([...names].map(([glyph, point]) => [point, glyph]))
  return deflateSync(toCMap(codes))
}

import type { PdfFile } from '../file/assembly.ts'
import { advance, makeFontFile } from './font-file.ts'

/** Ascent and descent of a font's characters, in steps of a twentieth of its size. */
interface Reach {
  ascent: number
  descent: number
}

/** One font of the family, as a page names it. */
export interface Face {
  name: string
  number: number
}

export const stepsPerEm = 20
/** Readers ignore larger values. */
export const maxSteps = 36

const firstAstral = 0x10000
/** No characters are assigned there, so these codes are free for characters beyond 16 bits. */
const [surrogates, afterSurrogates] = [0xd800, 0xe000]

/**
 * The fonts of one PDF: invisible, for any script, each with another height of its characters. A reader that highlights
 * or reports a word takes its height from the font, so a word without descenders needs another font than one with
 * descenders. They share one font file of half a kilobyte and one table of the codes' meanings. Their names begin with
 * `prefix`.
 */
export function createFonts(file: PdfFile, prefix = 'S') {
  const faces = new Map<string, Face & Reach>()
  const codes = new Map<number, number>()
  const [toUnicode, glyphs, fontFile] = [file.allocate(), file.allocate(), file.allocate()]
  let nextAstral = surrogates

  const codeOf = (point: number): number => {
    const known = codes.get(point)
    if (known !== undefined) return known
    const isFull = point >= firstAstral && nextAstral === afterSurrogates
    if (isFull) return codeOf(0xfffd)
    const code = point >= firstAstral ? nextAstral++ : point
    codes.set(point, code)
    return code
  }

  return {
    face(reach: Reach): Face {
      const key = `${reach.ascent}-${reach.descent}`
      const known = faces.get(key)
      if (known !== undefined) return known
      const face = { ...reach, name: `${prefix}${key}`, number: file.allocate() }
      faces.set(key, face)
      return face
    },
    /** A text as a PDF string in hexadecimal, four digits per character. */
    encode: (text: string): string =>
      `<${Array.from(text, (character) => hex(codeOf(character.codePointAt(0) ?? 0))).join('')}>`,
    /** All objects that the pages refer to; comes after the last page. */
    *finish(): Generator<Buffer> {
      if (faces.size === 0) return
      const data = makeFontFile()
      yield* file.deflated(fontFile, `/Length1 ${data.length}`, data)
      // Every code shows the same empty glyph.
      const same = Buffer.alloc(131_072, Buffer.from([0, 1]))
      yield* file.deflated(glyphs, '', same)
      yield* file.deflated(toUnicode, '', toCMap(codes))
      for (const face of faces.values()) yield* writeFace(face)
    },
  }

  function* writeFace({ number, ascent, descent }: Face & Reach): Generator<Buffer> {
    const [descendant, descriptor] = [file.allocate(), file.allocate()]
    const name = `SCRPTM+Z${ascent}-${descent}`
    // Readers treat a descent of 0 as an error, and substitute another one.
    const [up, down] = [
      (ascent * 1_000) / stepsPerEm,
      Math.min(-1, (-descent * 1_000) / stepsPerEm),
    ]
    yield* file.object(
      number,
      `<</Type/Font/Subtype/Type0/BaseFont/${name}/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]/ToUnicode ${toUnicode} 0 R>>`,
    )
    yield* file.object(
      descendant,
      `<</Type/Font/Subtype/CIDFontType2/BaseFont/${name}/CIDToGIDMap ${glyphs} 0 R` +
        `/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW ${advance}/FontDescriptor ${descriptor} 0 R>>`,
    )
    yield* file.object(
      descriptor,
      `<</Type/FontDescriptor/FontName/${name}/Flags 4/ItalicAngle 0/StemV 80/CapHeight ${up}` +
        `/Ascent ${up}/Descent ${down}/FontBBox[0 ${down} ${advance} ${up}]/FontFile2 ${fontFile} 0 R>>`,
    )
  }
}

export type Fonts = ReturnType<typeof createFonts>

const hex = (value: number): string => value.toString(16).padStart(4, '0')

/** The meaning of each code, by code point, in UTF-16; PDF 32000-1, 9.10.3. At most 100 lines a section. */
export function toCMap(codes: ReadonlyMap<number, number>): string {
  const lines = [...codes]
    .toSorted(([, a], [, b]) => a - b)
    .map(([point, code]) => {
      const utf16 = Buffer.from(String.fromCodePoint(point), 'utf16le').swap16()
      return `<${hex(code)}><${utf16.toString('hex')}>\n`
    })
  const groups = Array.from({ length: Math.ceil(lines.length / 100) }, (_, index) =>
    lines.slice(index * 100, index * 100 + 100),
  )
  const sections = groups.map(
    (group) => `${group.length} beginbfchar\n${group.join('')}endbfchar\n`,
  )
  return `/CIDInit/ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
/CMapName/Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><ffff>
endcodespacerange
${sections.join('')}endcmap
CMapName currentdict/CMap defineresource pop
end
end
`
}

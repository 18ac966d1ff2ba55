/** Typography of a line. Sizes and tracking in pixels. */
interface Type {
  readonly font: string
  readonly size: number
  readonly isBold?: boolean
  readonly isItalic?: boolean
  readonly align?: 'start' | 'middle' | 'end'
  readonly tracking?: number
  readonly ink?: string
}

/** One cell of a row: its start (or end, when aligned so), its text, its alignment. */
export type Cell = readonly [x: number, text: string, align?: 'start' | 'middle' | 'end']

interface SheetOptions {
  readonly width: number
  readonly height: number
  readonly ink?: string
  readonly paper?: string
}

/** A page being typeset: its text is also recorded, line by line, as its ground truth. */
export interface SampleSheet {
  line(x: number, y: number, text: string, type: Type): void
  /** Sets lines under one another and returns the next baseline; an empty line is a gap of half a line. */
  lines(x: number, y: number, texts: readonly string[], type: Type, leading: number): number
  /** Cells on one baseline, one printed line in the truth. */
  row(y: number, cells: readonly Cell[], type: Type): void
  /** One printed line in two halves, the second flush right and ending at `right`. */
  pair(y: number, left: number, words: string, right: number, figures: string, type: Type): void
  rule(x1: number, y1: number, x2: number, y2: number, width?: number): void
  /** Shapes as SVG, which the ground truth ignores. */
  shape(svg: string): void
  svg(): Buffer
  truth(): string
}

/** Opens an empty sheet; `ink` and `paper` are SVG colours, black on white by default. */
export function createSheet({
  width,
  height,
  ink = '#111',
  paper = '#fff',
}: SheetOptions): SampleSheet {
  const marks: string[] = []
  const printed: string[] = []
  const draw = (x: number, y: number, text: string, type: Type) => {
    marks.push(textElement(x, y, text, { ink, ...type }))
  }
  const line = (x: number, y: number, text: string, type: Type) => {
    draw(x, y, text, type)
    printed.push(text)
  }
  const row = (y: number, cells: readonly Cell[], type: Type) => {
    for (const [x, text, align = 'start'] of cells) draw(x, y, text, { ...type, align })
    printed.push(cells.map(([, text]) => text).join(' '))
  }
  return {
    line,
    row,
    lines(x, y, texts, type, leading) {
      let baseline = y
      for (const text of texts) {
        if (text !== '') line(x, baseline, text, type)
        baseline += text === '' ? leading / 2 : leading
      }
      return baseline
    },
    pair(y, left, words, right, figures, type) {
      const flushRight: Cell = [right, figures, 'end']
      row(y, [[left, words], flushRight], type)
    },
    rule(x1, y1, x2, y2, thickness = 2) {
      const look = `stroke="${ink}" stroke-width="${thickness}"`
      marks.push(`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${look}/>`)
    },
    shape: (svg) => void marks.push(svg),
    svg: () => Buffer.from(svgOf(width, height, paper, marks)),
    truth: () => `${printed.join('\n')}\n`,
  }
}

function svgOf(width: number, height: number, paper: string, marks: readonly string[]): string {
  const root = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">`
  return `${root}<rect width="100%" height="100%" fill="${paper}"/>${marks.join('')}</svg>`
}

function textElement(x: number, y: number, text: string, type: Type & { ink: string }): string {
  const attributes = [
    `x="${x}" y="${y}" fill="${type.ink}" font-family="${type.font}" font-size="${type.size}"`,
    `text-anchor="${type.align ?? 'start'}"`,
    type.isBold ? 'font-weight="bold"' : '',
    type.isItalic ? 'font-style="italic"' : '',
    type.tracking === undefined ? '' : `letter-spacing="${type.tracking}"`,
  ]
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text ${attributes.join(' ')}>${escaped}</text>`
}

import type { Random } from '../common/random.ts'

/** Size of a page, pixels. */
export interface Sheet {
  width: number
  height: number
}

/** Draws the SVG marks of a page without a word on it. */
type Drawing = (sheet: Sheet, random: Random) => string

const times = (count: number, draw: () => string): string =>
  Array.from({ length: count }, draw).join('')

const grey = (level: number): string => `rgb(${level},${level},${level})`

/** Marks of one kind in rows and columns, as on cloth, halftone and punched paper. */
const raster =
  (mark: (x: number, y: number, size: number) => string): Drawing =>
  ({ width, height }, random) => {
    const size = random.integer(3, 14)
    const pitch = size * (2 + random.next() * 2)
    const [left, top] = [random.integer(0, 200), random.integer(0, 200)]
    const columns = Math.floor(Math.min(width - left, 400 + random.integer(0, width)) / pitch)
    const rows = Math.floor(Math.min(height - top, 200 + random.integer(0, height)) / pitch)
    const marks: string[] = []
    for (let row = 0; row < rows; row += 1) {
      const shift = row % 2 === 0 ? 0 : pitch / 2
      for (let column = 0; column < columns; column += 1) {
        marks.push(mark(left + shift + column * pitch, top + row * pitch, size))
      }
    }
    return marks.join('')
  }

const point = ({ width, height }: Sheet, random: Random): string =>
  `${random.integer(0, width)},${random.integer(0, height)}`

/** The kinds of drawings, by name. */
export const drawings: Readonly<Record<string, Drawing>> = {
  blank: () => '',
  dots: raster((x, y, size) => `<circle cx="${x}" cy="${y}" r="${size / 2}"/>`),
  rings: raster(
    (x, y, size) => `<circle cx="${x}" cy="${y}" r="${size}" fill="none" stroke="#222"/>`,
  ),
  dashes: raster((x, y, size) => `<rect x="${x}" y="${y}" width="${size * 1.4}" height="2"/>`),
  grid: ({ width, height }, random) => {
    const step = random.integer(18, 120)
    const rows = Array.from({ length: Math.floor(height / step) }, (_, row) => {
      return `<path d="M40 ${row * step}H${width - 40}" stroke="#333" stroke-width="2"/>`
    })
    const columns = Array.from({ length: Math.floor(width / step) }, (_, column) => {
      return `<path d="M${column * step} 40V${height - 40}" stroke="#333" stroke-width="2"/>`
    })
    return [...rows, ...(random.chance(0.5) ? columns : [])].join('')
  },
  scribbles: (sheet, random) =>
    times(random.integer(3, 60), () => {
      const [a, b, c, d] = [1, 2, 3, 4].map(() => point(sheet, random))
      const width = random.integer(1, 9)
      return `<path d="M${a}C${b} ${c} ${d}" fill="none" stroke="#222" stroke-width="${width}"/>`
    }),
  hatching: ({ width, height }, random) => {
    const step = random.integer(4, 24)
    return Array.from({ length: Math.floor((width + height) / step) }, (_, index) => {
      const x = index * step
      return `<path d="M${x} 0L${x - height} ${height}" stroke="#444" stroke-width="2"/>`
    }).join('')
  },
  shapes: (sheet, random) =>
    times(random.integer(4, 80), () => {
      const fill = grey(random.integer(20, 235))
      const corners = times(random.integer(3, 7), () => `${point(sheet, random)} `)
      return `<polygon points="${corners}" fill="${fill}" opacity="${random.next()}"/>`
    }),
  specks: ({ width, height }, random) =>
    times(random.integer(100, 6_000), () => {
      const side = random.integer(1, 5)
      return `<rect x="${random.integer(0, width)}" y="${random.integer(0, height)}" width="${side}" height="${side}"/>`
    }),
  stains: ({ width, height }, random) =>
    times(random.integer(2, 12), () => {
      const [cx, cy] = [random.integer(0, width), random.integer(0, height)]
      const [rx, ry] = [random.integer(20, 400), random.integer(20, 300)]
      const fill = grey(random.integer(90, 220))
      return `<ellipse cx="${cx}" cy="${cy}" rx="${rx}" ry="${ry}" fill="${fill}" opacity="0.5"/>`
    }),
}

import { spawnSync } from 'node:child_process'

/** The output of a system program, and its end. */
interface Said {
  status: number | null
  stdout: string
  stderr: string
}

export function runTool(name: string, arguments_: readonly string[]): Said {
  const { status, stdout, stderr } = spawnSync(name, arguments_, {
    encoding: 'utf8',
    maxBuffer: 268_435_456,
  })
  return { status, stdout, stderr }
}

/** Why a test is skipped that needs these programs; false where they are all there. */
export function withoutTools(...names: readonly string[]): string | false {
  const missing = names.filter((name) => runTool('which', [name]).status !== 0)
  const packages: Record<string, string> = {
    qpdf: 'qpdf',
    pdftotext: 'poppler-utils',
    pdfimages: 'poppler-utils',
    pdftoppm: 'poppler-utils',
    xmllint: 'libxml2-utils',
    ocrmypdf: 'ocrmypdf',
    promtool: 'prometheus',
  }
  return missing.length > 0 && `needs ${missing.map((name) => packages[name] ?? name).join(', ')}`
}

/** A word of pdftotext, in points from the top left corner of the displayed page. */
interface BoxedWord {
  page: number
  text: string
  box: [number, number, number, number]
}

const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
}

/** The words of a PDF with their boxes. */
export function boxesOf(pdf: string): BoxedWord[] {
  const { stdout } = runTool('pdftotext', ['-bbox', pdf, '-'])
  const pages = stdout.split('<page ').slice(1)
  const word = /<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)<\/word>/g
  return pages.flatMap((page, index) =>
    [...page.matchAll(word)].map(([, x0, y0, x1, y1, text = '']) => ({
      page: index + 1,
      text: text.replaceAll(/&\w+;|&#39;/g, (entity) => entities[entity] ?? entity),
      box: [Number(x0), Number(y0), Number(x1), Number(y1)],
    })),
  )
}

/** The text of a PDF in the order of reading, without the marks of direction that pdftotext adds. */
export const pdfTextOf = (pdf: string): string =>
  runTool('pdftotext', [pdf, '-']).stdout.replaceAll(/[\u200e\u200f\u202a-\u202e]/g, '')

import { psm, type System } from './system.ts'
import { versionOf } from './version-of.ts'

/**
 * Called with languages, psm, page and target. OCRmyPDF's product is the PDF, the bench needs the text: the PDF is
 * deleted, the sidecar stays.
 */
const readOne = `
  languages=$1 psm=$2 page=$3 target=$4
  ocrmypdf --quiet --jobs 1 --output-type pdf --deskew --rotate-pages --oversample 300 -l "$languages" \\
    --tesseract-pagesegmode "$psm" --sidecar "$target.txt" "$page" "$target.pdf"
  code=$?
  rm -f "$target.pdf"
  [ $code = 0 ] || { rm -f "$target.txt"; printf 'exit code %s: %s\\n' $code "$page" >&2; }`

/** OCRmyPDF on one image at a time; it rejects images with an implausible resolution. */
export const ocrmypdf: System = {
  name: 'OCRmyPDF',
  label: 'OCRmyPDF',
  family: 'peer',
  exitCodes: [0],
  find({ environment }) {
    const version = versionOf('ocrmypdf', ['--version'], environment)?.trim().split('\n')[0]
    return version === undefined
      ? { kind: 'absent', cure: 'apt-get install --no-install-recommends ocrmypdf' }
      : { kind: 'installed', version: `OCRmyPDF ${version}` }
  },
  commandFor: ({ list, cores, languages }) => ({
    program: 'xargs',
    arguments: [
      ['-0', '-n', '2', '-P', String(cores)],
      ['sh', '-c', readOne, 'sh', languages, String(psm)],
    ].flat(),
    input: list,
  }),
}

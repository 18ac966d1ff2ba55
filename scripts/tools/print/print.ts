import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PDFDocument } from '@cantoo/pdf-lib'

const run = promisify(execFile)

const cure = 'apt-get install --no-install-recommends chromium poppler-utils'
const missingCommand = (command: string) => (cause: unknown) => {
  throw new Error(`${command} did not run (${cure})`, { cause })
}

/** Prints HTML as a PDF in `folder`, with Chromium. Returns its path and its number of pages. */
export async function printPdf(
  html: string,
  folder: string,
  signal: AbortSignal,
): Promise<{ pdf: string; pages: number }> {
  const [page, pdf] = [join(folder, 'page.html'), join(folder, 'page.pdf')]
  writeFileSync(page, html)
  const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--no-pdf-header-footer']
  const profile = `--user-data-dir=${join(folder, 'profile')}`
  const given = [...quiet, profile, `--print-to-pdf=${pdf}`, `file://${page}`]
  await run('chromium', given, { signal }).catch(missingCommand('chromium'))
  const document = await PDFDocument.load(readFileSync(pdf))
  return { pdf, pages: document.getPageCount() }
}

/** Renders one page of a PDF (from 1) in greys. Returns the path of the PNG. */
export async function renderPdf(
  pdf: string,
  page: number,
  dpi: number,
  signal: AbortSignal,
): Promise<string> {
  const stem = `${pdf}-${page}`
  const given = ['-gray', '-png', '-singlefile', '-f', page, '-l', page, '-r', dpi, pdf, stem]
  await run('pdftoppm', given.map(String), { signal }).catch(missingCommand('pdftoppm'))
  return `${stem}.png`
}

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { ScriptoriumError, type ErrorCode } from '../../../../shared/process/errors.ts'
import type { OpenedPage } from '../../../../workers/ocr/open/opened.ts'
import { createOpeners } from '../../../../workers/ocr/open/open.ts'
import { inCorpus, withoutCorpus } from '../../../helpers/corpus.ts'

const odd = inCorpus('odd')
const isMissing = withoutCorpus('odd')

/**
 * The expected outcome of a file: its error code, or a letter for each of its pages: `p` if its pixels are decoded, `l`
 * if its own text is used, `!` if the page is rejected.
 */
type Verdict = ErrorCode | `${'p' | 'l' | '!'}${string}`

/** Outcome of every file of a folder except the named ones. */
const folders: Record<string, Verdict> = {
  'blank-tiny': 'p',
  'cmyk-alpha-16bit': 'p',
  exif: 'p',
  formats: 'p',
  'hard-scans': 'p',
  made: 'p',
  'non-latin': 'p',
  pdf: 'p',
  'rotated-images': 'p',
  'tiff-variants': 'p',
}

const files: Record<string, Verdict> = {
  'corrupt/pillow__badheadersize.bmp': 'p',
  'corrupt/pillow__badwidth.bmp': 'corrupt_image',
  'corrupt/pillow__broken_data_stream.png': 'corrupt_image',
  'corrupt/pillow__libtiff_segfault.tif': 'too_much_memory',
  'corrupt/pillow__not_enough_data.jp2': 'corrupt_image',
  'corrupt/pillow__tiff_overflow_rows_per_strip.tif': 'corrupt_image',
  'corrupt/pillow__total-pages-zero.tif': 'ppp',
  'corrupt/pillow__truncated_image.png': 'corrupt_image',
  'formats/paperless__simple.heic': 'unsupported_type',
  'huge/ocrmypdf__2400dpi.pdf': 'p',
  'huge/ocrmypdf__hugemono.pdf': 'too_many_pixels',
  'huge/pillow__decompression_bomb_extents.gif': 'p',
  'made/bomb_40000x40000_bilevel.tif': 'too_many_pixels',
  'made/broken_truncated.tif': 'corrupt_image',
  'made/broken_truncated60.jpg': 'corrupt_image',
  'made/empty_0_bytes.png': 'unsupported_type', // The worker reports `empty_file` before it is opened.
  'made/header_only.jpg': 'corrupt_image',
  'made/html_named.jpg': 'unsupported_type',
  'made/multipage_30_g4.tif': 'pppppppppppppppppppppppppppppp',
  'made/random_bytes.png': 'unsupported_type',
  'made/text_named.tif': 'unsupported_type',
  'pdf-corrupt/lept__bad_mediabox_input.pdf': 'pp',
  'pdf-corrupt/ocrmypdf__livecycle.pdf': 'p',
  'pdf-corrupt/ocrmypdf__no_contents.pdf': 'p',
  'pdf-corrupt/paperless__invalid_pdf.pdf': 'll',
  'pdf-corrupt/pdfjs__ccitt_EndOfBlock_false.pdf': 'p',
  'pdf-corrupt/pdfjs__pdfjsbad1586.pdf': 'l',
  'pdf-corrupt/tika__testPDF_bad_page_303226.pdf': 'lllllllllllllllllll',
  'pdf-encrypted/kreuz__copy_protected.pdf': 'll',
  'pdf-encrypted/paperless__password-is-test.pdf': 'password_required',
  'pdf-encrypted/pypdf__libreoffice-writer-password.pdf': 'password_required',
  'pdf/kreuz__image_only_german_pdf.pdf': 'ppp',
  'pdf/olmocr__edgar-rotated90.pdf': 'l',
  'pdf/paperless__multi-page-digital.pdf': 'lll',
  'pdf/paperless__multi-page-mixed.pdf': 'ppplll',
  'pdf/paperless__single-page-mixed.pdf': 'll',
  'pdf/pdfjs__rotation.pdf': 'll',
  'tiff-multipage/paperless__multi-page-images-alpha-rgb.tiff': 'ppp',
  'tiff-multipage/paperless__multi-page-images.tiff': 'ppp',
  'tiff-multipage/pillow__multipage-mmap.tiff': 'ppp',
  'tiff-multipage/tika__testTIFF_multipage.tif': 'pp',
}

const passwords: Record<string, string> = {
  'pdf-encrypted/paperless__password-is-test.pdf': 'test',
  'pdf-encrypted/pypdf__libreoffice-writer-password.pdf': 'openpassword',
}

const openers = createOpeners({
  maxPages: 2_000,
  maxMegapixels: 100,
  decodeMs: 60_000,
  decodeBytes: 512 * 2 ** 20,
})
after(() => openers.close())

const codeOf = (thrown: unknown): ErrorCode => {
  if (thrown instanceof ScriptoriumError) return thrown.code
  throw thrown
}

/** Decodes like the preparation. */
async function decode({ width, height, ...page }: OpenedPage & { kind: 'pixels' }): Promise<void> {
  const { data, raw, page: index = 0 } = page.pixels
  const image =
    raw === undefined ? sharp(data, { page: index, failOn: 'error' }) : sharp(data, { raw })
  const { info } = await image
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((thrown: unknown) => {
      throw new ScriptoriumError('corrupt_image', String(thrown))
    })
  assert.deepEqual([info.width, info.height], [width, height], 'the size is exact')
}

async function judge(bytes: Buffer, password?: string): Promise<string> {
  try {
    let document = await openers.open(bytes, password)
    const wishes = { dpi: 0, pdfText: 'auto' } as const
    /** A decoder process that has grown ends after a page; its document is opened again, as a worker does. */
    const pageOf = async (number: number): Promise<OpenedPage> => {
      if (document.isLost()) document = await openers.open(bytes, password)
      return document.page(number, wishes)
    }
    let verdict = ''
    const refusals = new Set<ErrorCode>()
    for (let number = 1; number <= document.pagesTotal; number += 1) {
      try {
        const page = await pageOf(number)
        if (page.kind === 'pixels') await decode(page)
        verdict += page.kind === 'pixels' ? 'p' : 'l'
      } catch (thrown) {
        refusals.add(codeOf(thrown))
        verdict += '!'
      }
    }
    await document.close()
    const [only] = refusals
    return verdict === '!' && only !== undefined ? only : verdict
  } catch (thrown) {
    return codeOf(thrown)
  }
}

const present = isMissing
  ? []
  : readdirSync(odd, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.gt\.txt$|^README/.test(entry.name))
      .map((entry) => relative(odd, join(entry.parentPath, entry.name)))
      .toSorted()

test('every odd file is read, or rejected with its own code', { skip: isMissing }, async (t) => {
  for (const path of present) {
    await t.test(path, async () => {
      const wanted = files[path] ?? folders[path.split('/')[0] ?? '']
      assert.notEqual(wanted, undefined, 'it has a line in the table')
      assert.equal(await judge(readFileSync(join(odd, path))), wanted)
    })
  }
})

test('every file of the table exists', { skip: isMissing }, () => {
  assert.deepEqual(
    Object.keys(files).filter((path) => !present.includes(path)),
    [],
  )
})

test('an encrypted PDF opens with its password only', { skip: isMissing }, async () => {
  for (const [path, password] of Object.entries(passwords)) {
    const bytes = readFileSync(join(odd, path))
    assert.match(await judge(bytes, password), /^l+$/, path)
    assert.equal(await judge(bytes, `${password}!`), 'password_wrong', path)
  }
})

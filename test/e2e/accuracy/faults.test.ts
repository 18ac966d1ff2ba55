/** Pages of further kinds that were once read badly, or not at all; the files are beside some checkouts. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { inCorpus, withoutCorpus } from '../../helpers/corpus.ts'
import { createPageReadings } from '../../helpers/pages/page-readings.ts'
import { wordF1 } from '../../helpers/pages/word-f1.ts'

const folder = 'faults/print'
const readings = createPageReadings()
after(() => readings.close())

/** Minimum F of each file, percent. */
const wanted: Record<string, number> = {
  'f01_cover_with_drawing.jpg': 100,
  'f01_form_with_letter_boxes.png': 100,
  'f01_table_of_boxed_cells.png': 90,
  'f02_table_of_short_figures.png': 99,
  'f04_dark_scan.png': 100,
  'f04_faint_scan.png': 100,
  'f05_banner_white_on_black.png': 100,
  'f06_mixed_sizes_calibri_8pt.png': 100,
  'f07_spread_two_skews.png': 99,
  'f17_few_words_sideways.png': 100,
  'f19_blue_ink_on_blue.png': 100,
  'f20_white_letters_black_rim.jpg': 95,
}

for (const [name, least] of Object.entries(wanted)) {
  test(`${name} is read with an F of ${least}`, { skip: withoutCorpus(folder) }, async () => {
    const file = inCorpus(`${folder}/${name}`)
    const { text, warnings } = await readings.read(readFileSync(file))
    const truth = readFileSync(`${file}.gt.txt`, 'utf8')
    const f1 = 100 * wordF1(truth, text)
    assert.ok(f1 >= least, `${f1}`)
    assert.equal(warnings, undefined)
  })
}

for (const name of ['speckled-3.png', 'speckled-8.png']) {
  test(
    `${name} is read like the clean page`,
    { skip: withoutCorpus('faults/speckle') },
    async () => {
      const { text, calls } = await readings.read(readFileSync(inCorpus(`faults/speckle/${name}`)))
      const truth = new URL('../../fixtures/truth/almanac.jpg.txt', import.meta.url)
      assert.equal(100 * wordF1(readFileSync(truth, 'utf8'), text), 100)
      assert.equal(calls, 1)
    },
  )
}

test('the rows of a table of figures stay whole', { skip: withoutCorpus(folder) }, async () => {
  const file = inCorpus(`${folder}/f02_table_of_short_figures.png`)
  const { text } = await readings.read(readFileSync(file))
  assert.match(text, /Copper button 7,578 3\.09 -9\.3 38 2\.8 -36\.9 -87\.8 25 945/)
})

test(
  'a halftone picture has no words, and no warning',
  { skip: withoutCorpus(folder) },
  async () => {
    const file = inCorpus(`${folder}/f16_halftone_photo.tif`)
    assert.ok(existsSync(file))
    const { text, warnings } = await readings.read(readFileSync(file))
    assert.equal(text, '')
    assert.equal(warnings, undefined)
  },
)

/**
 * Pages in other languages and scripts are read no worse than the command line reads them with the same models (word F1).
 * Pages, models and `tesseract` are used where they are at hand.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { ScriptoriumError } from '../../shared/errors.ts'
import { defaultRecipe, type Recipe } from '../../shared/recipe.ts'
import { findLanguages } from '../../shared/tessdata.ts'
import { createEngineSlot } from '../../workers/ocr/engine-slot.ts'
import { planOf } from '../../workers/ocr/judge/plan.ts'
import { linkModels } from '../../workers/ocr/link-models.ts'
import { createOpeners } from '../../workers/ocr/open/open.ts'
import { readPage } from '../../workers/ocr/page-reader.ts'
import { preparePage } from '../../workers/ocr/prepare/prepare.ts'
import { createTesseract } from '../../workers/ocr/tesseract.ts'
import { silent } from '../helpers/private-redis.ts'
import { repository } from '../helpers/processes.ts'
import { wordF1 } from '../helpers/word-f1.ts'

const run = promisify(execFile)
const pages = join(repository, '../shared/data/pages')

/** The model of each set of pages. */
const sets: Record<string, string> = {
  'ocrd-deu-fraktur': 'script/Fraktur',
  'nubis-fra-lat': 'fra',
  'fondue-spa': 'spa',
  kannada: 'kan',
}
/** Two or three words on the pages of a set: any other size of its writing moves F by as much, the engine's or ours. */
const allowance = 0.5

/** Pages and their truth; skips the test where they, their model or the command line are missing. */
async function findPages(t: TestContext, set: string, language: string) {
  const truths = globSync(join(pages, set, '*.gt.txt')).toSorted()
  if (truths.length === 0) return t.skip(`there is no ${set} beside the repository`)
  const version = await run('tesseract', ['--version']).catch(() => undefined)
  if (version === undefined) return t.skip('no tesseract is installed')
  try {
    const models = await findLanguages([language], defaultRecipe.oem, undefined)
    if (models.every(({ source }) => source === 'system')) return { models, truths }
    return t.skip(`the system has no model of ${language}`)
  } catch (thrown) {
    if (!(thrown instanceof ScriptoriumError && thrown.code === 'unknown_language')) throw thrown
    return t.skip(thrown.message)
  }
}

function imageOf(truth: string): string {
  const [image] = globSync(truth.replace(/gt\.txt$/, '{jpg,png,tif}'))
  return image ?? assert.fail(`there is no image for ${truth}`)
}

/** Reads pages as a worker does, one after another, with one engine. */
async function readWith(recipe: Recipe, files: readonly string[]): Promise<string[]> {
  const openers = createOpeners({ maxMegapixels: 100, maxPages: 100, decodeMs: 60_000 })
  const engineSlot = createEngineSlot({
    createEngine: createTesseract,
    tessdataPrefix: undefined,
    limits: { engines: 1, pages: 10_000, rssBytes: Number.POSITIVE_INFINITY },
    rssBytes: () => 0,
    log: silent,
  })
  const cancelling = new AbortController().signal
  const texts: string[] = []
  try {
    for (const file of files) {
      const document = await openers.open(readFileSync(file), undefined)
      const page = await document.page(1, { dpi: 0, pdfText: 'skip' })
      await document.close()
      assert.ok(page.kind === 'pixels')
      const [first] = planOf(recipe).attempts
      const prepared = await preparePage(page, 100, first)
      const { text } = await readPage(prepared, file, recipe, (image) =>
        engineSlot.read(image, recipe, { deadlineMs: 120_000, cancelling }),
      )
      texts.push(text)
    }
    return texts
  } finally {
    await engineSlot.close()
    await openers.close()
  }
}

/** What the command line makes of pages, one at a time on one core. */
async function readByCommand(
  models: Parameters<typeof linkModels>[0],
  files: readonly string[],
): Promise<string[]> {
  const { folder, names, remove } = linkModels(models)
  const env = { ...process.env, OMP_THREAD_LIMIT: '1' }
  const how = ['--tessdata-dir', folder, '-l', names.join('+'), '--psm', '3']
  try {
    const texts: string[] = []
    for (const file of files) {
      texts.push((await run('tesseract', [file, 'stdout', ...how], { env })).stdout)
    }
    return texts
  } finally {
    remove()
  }
}

for (const [set, language] of Object.entries(sets)) {
  test(`${set} is read with ${language} no worse than by the command line`, async (t) => {
    const found = await findPages(t, set, language)
    if (found === undefined) return
    const { models, truths } = found
    const files = truths.map(imageOf)
    const f1Of = (texts: readonly string[]): number => {
      const each = truths.map((truth, at) => wordF1(readFileSync(truth, 'utf8'), texts[at] ?? ''))
      return (100 * each.reduce((sum, value) => sum + value, 0)) / each.length
    }
    const [ours, theirs] = await Promise.all([
      readWith({ ...defaultRecipe, languages: [language] }, files).then(f1Of),
      readByCommand(models, files).then(f1Of),
    ])
    t.diagnostic(`F ${ours.toFixed(1)}, the command line's ${theirs.toFixed(1)}`)
    assert.ok(ours >= theirs - allowance, `${ours.toFixed(1)}, and ${theirs.toFixed(1)}`)
  })
}

import { readFileSync, writeFileSync } from 'node:fs'
import { createScheduler, createWorker } from 'tesseract.js'

/**
 * Reads pages as tesseract.js's own README does it in parallel: a scheduler over workers that are loaded once.
 * `node tesseract-js-scheduler.mjs LIST CORES LANGUAGES PSM TESSDATA`, where LIST holds pairs that end in NUL: a page,
 * and the file its text goes to without `.txt`.
 */
const [listing = '', cores = '', languages = '', psm = '', tessdata = ''] = process.argv.slice(2)
const lstm = 1
const names = readFileSync(listing, 'utf8').split('\0').slice(0, -1)
const scheduler = createScheduler()
const workers = Array.from({ length: Number(cores) }, async () => {
  const worker = await createWorker(languages.split('+'), lstm, {
    langPath: tessdata,
    gzip: false,
    cacheMethod: 'none',
    errorHandler: (thrown) => console.error(thrown),
  })
  await worker.setParameters({ tessedit_pageseg_mode: psm })
  scheduler.addWorker(worker)
})
await Promise.all(workers)

async function read(page, target) {
  try {
    const { data } = await scheduler.addJob('recognize', page)
    writeFileSync(`${target}.txt`, data.text)
  } catch (thrown) {
    console.error(`${page}: ${String(thrown)}`)
  }
}

await Promise.all(
  names.flatMap((page, index) => (index % 2 === 0 ? [read(page, names[index + 1] ?? '')] : [])),
)
await scheduler.terminate()

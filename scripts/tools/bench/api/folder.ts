import { join } from 'node:path'
import { runIngest } from '../run/ingest-run.ts'
import { choosePages, listArguments } from '../pages/page-set.ts'
import { runLoad } from './load/run.ts'
import { withService } from './service.ts'
import { apiWorkers, type ApiPart, type ApiSetting } from './setting.ts'

const target = 0.95
const connections = 16

/** Reads the same folder through HTTP and with `ingest`. */
export const folder: ApiPart = {
  name: 'folder',
  about: `pages/s of a folder uploaded on ${connections} connections against ingest, ${apiWorkers} workers each`,
  async run(setting) {
    const uploaded: number[] = []
    const ingested: number[] = []
    for (let round = 1; round <= setting.rounds; round += 1) {
      // In alternating order: a slow phase of the machine affects both.
      if (round % 2 === 1) ingested.push(await ingest(setting, round))
      uploaded.push(await upload(setting))
      if (round % 2 === 0) ingested.push(await ingest(setting, round))
      setting.say(
        `round ${round}: uploaded ${uploaded.at(-1)?.toFixed(3)}, ingested ${ingested.at(-1)?.toFixed(3)} pages/s`,
      )
    }
    const unit = 'pages/s'
    const ratios = uploaded.map((rate, index) => rate / (ingested[index] ?? Number.NaN))
    return {
      kind: 'measured',
      figures: [
        { name: 'ingest', values: ingested, unit },
        { name: 'uploaded', values: uploaded, unit },
        { name: 'uploaded / ingest', values: ratios, unit: '', target: { min: target } },
      ],
      remarks: [
        '  ingest by its own report; uploads from the first byte sent to the last document recorded',
      ],
    }
  },
}

async function ingest(setting: ApiSetting, round: number): Promise<number> {
  const out = join(setting.workspace, `ingested-${round}`)
  const input = [...listArguments(setting, choosePages(setting)), '--workers', String(apiWorkers)]
  const { report } = await runIngest(setting, { arguments: input, out })
  return report.pagesRead / report.seconds
}

const upload = (setting: ApiSetting): Promise<number> =>
  withService(setting, {}, async ({ address, client }) => {
    const { root, paths } = choosePages(setting)
    const { result } = await runLoad(setting, { kind: 'folder', address, root, paths, connections })
    let pages = 0
    let endedAt = 0
    for (const id of result.ids) {
      const view = await client.document(id, 120)
      if (view.status !== 'finished') throw new Error('a page took more than two minutes')
      pages += view.progress.pagesDone
      endedAt = Math.max(endedAt, Date.parse(view.finishedAt ?? ''))
    }
    return pages / ((endedAt - result.beganAt) / 1_000)
  })

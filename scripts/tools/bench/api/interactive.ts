import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createParser } from '../../../../shared/contract/messages/parser.ts'
import { documentStepSchema } from '../../../../shared/contract/messages/progress.ts'
import { choosePages } from '../pages/page-set.ts'
import { mean, median } from '../../common/statistics.ts'
import { bulkRoot, pageMs, whileReading } from './bulk.ts'
import { withService, type BenchService } from './service.ts'
import type { ApiPart } from './setting.ts'

const target = 2
const parseStep = createParser("a document's step", documentStepSchema)

/** Waiting time of a client that uploads one page during a bulk run. */
export const interactive: ApiPart = {
  name: 'interactive',
  about:
    'from sending an interactive upload during a bulk run of --bulk files to its event `started`',
  run: (setting) =>
    withService(setting, bulkRoot(setting), (service) =>
      whileReading(setting, service, async (bulk) => {
        const { root, paths } = choosePages(setting)
        const first = await bulk.look()
        const waits: number[] = []
        for (let index = 0; index < setting.tries; index += 1) {
          const page = readFileSync(join(root, paths[(7 * index) % paths.length] ?? ''))
          // Different bytes from every file of the run; otherwise the document might be known already.
          const own = Buffer.concat([page, Buffer.alloc(1_000_000 + index)])
          waits.push(await waitForStart(service, own))
          setting.say(`try ${index + 1}: ${waits.at(-1)?.toFixed(0)} ms`)
          setting.stopping.throwIfAborted()
        }
        const last = await bulk.look()
        // The uploads were read, too, though not by the run.
        const page = pageMs(first, { ...last, pages: last.pages + setting.tries })
        const worst = Math.max(...waits)
        return {
          kind: 'measured',
          figures: [
            { name: 'a page of the run, mean', values: [page], unit: 'ms' },
            { name: 'sent to `started`', values: waits, unit: 'ms' },
            {
              name: '  median',
              values: [median(waits) / page],
              unit: 'page times',
              target: { max: target },
            },
            { name: '  mean', values: [mean(waits) / page], unit: 'page times' },
            {
              name: '  worst',
              values: [worst / page],
              unit: 'page times',
              target: { max: target },
            },
          ],
          remarks: [
            `  ${setting.bulk} files in the run, ${last.pages - first.pages} read meanwhile by ${first.pages > 0 ? 'two' : 'no'} workers`,
          ],
        }
      }),
    ),
}

/** Uploads a page and follows it; returns the milliseconds until the event that a worker reads it. */
async function waitForStart({ client }: BenchService, page: Buffer): Promise<number> {
  const began = performance.now()
  const file = new File([new Uint8Array(page)], 'page')
  const view = await client.upload([file])
  if (!('id' in view)) throw new Error('one file gave more than one document')
  // From the first event of the run: a worker may have taken it before this request.
  for await (const { event, data } of client.follow(view.links, { lastEventId: '0-0' })) {
    if (event === 'started' && parseStep(JSON.parse(data)).documentId === view.id) {
      return performance.now() - began
    }
  }
  throw new Error('the page was never begun')
}

import { bulkRoot, whileReading } from './bulk.ts'
import { runLoad } from './load/run.ts'
import { forgetPeak, residentOf } from './resident.ts'
import { withService } from './service.ts'
import type { ApiPart } from './setting.ts'

const targetMb = 30
const connections = 16
/** Number of preceding uploads of 1 MB: they allocate the memory that any upload needs. */
const warmUp = 200

/** One very large upload. */
export const large: ApiPart = {
  name: 'large',
  about: 'RSS that one upload of --large-mb MB adds to the API, while the fleet reads',
  run(setting) {
    const bytes = setting.largeMb * 1_000_000
    const maxBytes = String(2 * bytes)
    const limits = { SCRIPTORIUM_MAX_FILE_BYTES: maxBytes, SCRIPTORIUM_MAX_REQUEST_BYTES: maxBytes }
    return withService(setting, { ...bulkRoot(setting), ...limits }, (service) =>
      whileReading(setting, service, async () => {
        const { address, apiPid } = service
        const order = { kind: 'uploads', address, connections, bytes: 1_000_000 } as const
        await runLoad(setting, { ...order, count: warmUp, everyMs: null })
        const added: number[] = []
        const rates: number[] = []
        for (let round = 1; round <= setting.rounds; round += 1) {
          const before = residentOf(apiPid).now
          forgetPeak(apiPid)
          const { result } = await runLoad(setting, { kind: 'large', address, bytes })
          if (result.status !== 202) throw new Error(`it was answered with ${result.status}`)
          added.push((residentOf(apiPid).peak - before) / 1e6)
          rates.push(setting.largeMb / result.seconds)
          setting.say(`round ${round}: ${before / 1e6} MB before, ${added.at(-1)} MB more`)
        }
        return {
          kind: 'measured',
          figures: [
            {
              name: `RSS added by ${setting.largeMb} MB`,
              values: added,
              unit: 'MB',
              target: { max: targetMb },
            },
            { name: 'speed of the upload', values: rates, unit: 'MB/s' },
          ],
        }
      }),
    )
  },
}

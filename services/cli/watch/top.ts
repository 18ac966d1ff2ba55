import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { printable } from '../../../shared/process/printable.ts'
import { toError } from '../../../shared/process/errors.ts'
import { newCommand, type Common } from '../command.ts'
import type { Host } from '../host.ts'
import { createScreen } from './screen.ts'
import { serviceOf, withService, type Service, type ServiceOptions } from './service.ts'
import { parseHistory, parseQueue, parseWorkers, screenLines, type Fleet } from './fleet.ts'

interface TopOptions extends Common, ServiceOptions {
  json?: boolean
}

const refreshMs = 1_000
const ctrlC = '\u0003'

/** `top`: the fleet at work. Prints it once where standard output is no terminal. */
export const topCommand = (host: Host): Command =>
  withService(newCommand('top', { quiet: 'print errors only: the exit code shows an answer' }))
    .description(
      'Shows the fleet at work: workers and their pages, the queue, throughput and errors. q quits. ' +
        'Prints them once where the output is no terminal.',
    )
    .option('--json', 'print the figures once as JSON')
    .action(async (options: TopOptions) => {
      await top(host, options)
    })

async function top(host: Host, options: TopOptions): Promise<void> {
  const { stdout } = host
  const stop = new AbortController()
  const stopping = AbortSignal.any([stop.signal, host.stopping()])
  const service = serviceOf(options, host.environment, stopping)
  const first = await askFor(service)
  if (options.quiet) return
  if (options.json === true) return void stdout.write(`${printable(JSON.stringify(first))}\n`)
  if (!stdout.isTTY) return void stdout.write(`${screenLines(first).join('\n')}\n`)
  const leave = host.watchKeys((key) => {
    if (key === 'q' || key === ctrlC) stop.abort()
  })
  const screen = createScreen(stdout)
  try {
    screen.draw(screenLines(first))
    while (!stopping.aborted) {
      await delay(refreshMs, undefined, { signal: stopping }).catch(() => undefined) // It ends.
      if (!stopping.aborted) screen.draw(await linesNow(service))
    }
  } finally {
    leave()
  }
}

/** A service that does not answer for a while leaves one line. */
async function linesNow(service: Service): Promise<string[]> {
  try {
    return screenLines(await askFor(service))
  } catch (thrown) {
    return [`${service.url} does not answer: ${toError(thrown).message}; asking again`]
  }
}

async function askFor(service: Service): Promise<Fleet> {
  const [queue, workers, hour, day] = await Promise.all([
    service.json('/v1/queue', parseQueue),
    service.json('/v1/workers', parseWorkers),
    service.json('/v1/fleet/history?period=hour', parseHistory),
    service.json('/v1/fleet/history?period=day', parseHistory),
  ])
  return { url: service.url, queue, workers: workers.items, hour: hour.sum, day: day.sum }
}

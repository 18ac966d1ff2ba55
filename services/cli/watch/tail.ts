import { styleText } from 'node:util'
import type { Command } from 'commander'
import { createParser } from '../../../shared/contract/messages/parser.ts'
import { runEventSchema, type RunEvent } from '../../../shared/contract/messages/progress.ts'
import { hasFailed } from '../../../shared/contract/result/outcomes.ts'
import { Type } from '@sinclair/typebox'
import { printable, printableName } from '../../../shared/process/printable.ts'
import { counted } from '../counted.ts'
import { newCommand, type Common } from '../command.ts'
import type { Host } from '../host.ts'
import { serviceOf, withService, type ServiceOptions } from './service.ts'

interface TailOptions extends Common, ServiceOptions {
  run?: string
  failures?: boolean
  json?: boolean
}

/** Of the feed or of a run: without what only one of them has. */
const eventSchema = Type.Object(Type.Omit(runEventSchema, ['seq']).properties, {
  additionalProperties: true,
})
const parseEvent = createParser('an event', eventSchema)
type EndEvent = Omit<RunEvent, 'seq'>

const outcomeWidth = 'engine_crash'.length

/** `tail`: a line for each document that ends, until Ctrl-C or the end of the run. */
export const tailCommand = (host: Host): Command =>
  withService(newCommand('tail', { quiet: 'print failures only, and no messages' }))
    .description('Prints a line for each document that ends, until Ctrl-C. Failures are red.')
    .option('--run <id>', 'follow one run, to its end')
    .option('--failures', 'print failed documents only')
    .option('--json', 'print a JSON object for each document')
    .action(async (options: TailOptions) => {
      await tail(host, options)
    })

async function tail(host: Host, options: TailOptions): Promise<void> {
  const { stdout, stderr } = host
  const service = serviceOf(options, host.environment, host.stopping())
  const { run, failures = false, json = false, quiet } = options
  const path = run === undefined ? '/v1/events' : `/v1/runs/${encodeURIComponent(run)}/events`
  // A run is printed from its beginning, as far as the service keeps its events.
  const from = run === undefined ? undefined : '0-0'
  const onLost = (why: Error): void => {
    if (!quiet) stderr.write(`${printable(`connection lost: ${why.message}; connecting again`)}\n`)
  }
  for await (const { name, data } of service.follow(path, onLost, from)) {
    if (name !== 'document') continue
    const value: unknown = JSON.parse(data)
    const event = parseEvent(value)
    const isFailure = hasFailed(event.outcome)
    if ((failures || quiet) && !isFailure) continue
    if (json) stdout.write(`${printable(JSON.stringify(value))}\n`)
    else {
      const text = `${clock()}  ${endingLine(event)}`
      stdout.write(`${isFailure ? styleText('red', text, { stream: stdout }) : text}\n`)
    }
  }
}

const clock = (): string => new Date().toTimeString().slice(0, 8)

/** The outcome, the file, and the reason or the figures. */
export function endingLine({ outcome, path, pages, confidence, ms, error }: EndEvent): string {
  const sure = confidence === null ? [] : [`${Math.round(confidence)} %`]
  const figures = [counted(pages, 'page'), ...sure, `${Math.round(ms)} ms`].join(', ')
  const rest = error === null ? figures : printable(`${error.code}: ${error.message}`)
  return `${outcome.padEnd(outcomeWidth)}  ${printableName(path)}  ${rest.replaceAll('\n', ' ')}`
}

import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { styleText } from 'node:util'
import type { Command } from 'commander'
import { defaultWorkerCount } from '../../../../shared/process/config.ts'
import { exitCodes, toError } from '../../../../shared/process/errors.ts'
import { printable } from '../../../../shared/process/printable.ts'
import { createKeys } from '../../../../shared/redis/keys.ts'
import { connectPromptly } from '../../../../shared/redis/connection/redis.ts'
import { stateFolder } from '../../../outputs/files/output-files.ts'
import { addressFile } from '../../../embedded/stack.ts'
import { newCommand, type Common } from '../../command.ts'
import { wrong, type Check } from './check.ts'
import { checkEngine, checkSecondEngine } from './engines.ts'
import {
  checkConfiguration,
  checkDisks,
  checkHandles,
  checkLanguages,
  checkNode,
  checkWorkers,
} from './machine.ts'
import { checkOwnServer, checkServer } from './redis-server.ts'
import { checkLedger, checkRoles } from './roles.ts'
import { counted } from '../../counted.ts'

interface Deps {
  environment: NodeJS.ProcessEnv
  stdout: NodeJS.WriteStream
  end: (code: number) => void
}

const answerMs = 5_000

/** `doctor`: exit code 9 if a problem keeps Scriptorium from working. */
export const doctorCommand = ({ environment, stdout, end }: Deps): Command =>
  newCommand('doctor', { quiet: 'print problems only' })
    .description('Checks this machine and its Redis, and names the cure of each problem.')
    .argument('[out]', 'output folder: also checks its disk, its ledger and its run')
    .option('--json', 'print JSON')
    .action(async (out: string | undefined, options: Common & { json?: boolean }) => {
      const checks = await runChecks(out === undefined ? undefined : resolve(out), environment)
      const shown = options.quiet ? checks.filter(({ state }) => state !== 'ok') : checks
      if (options.json === true) stdout.write(`${JSON.stringify({ checks: shown })}\n`)
      else if (!options.quiet || shown.length > 0)
        stdout.write(
          formatChecks(shown, (style, text) => styleText(style, text, { stream: stdout })),
        )
      if (checks.some(({ state }) => state === 'wrong')) end(exitCodes.configuration)
    })

/** Every check, in reading order: the machine, its disks, Redis, the running services. */
export async function runChecks(
  out: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Check[]> {
  const data = resolve(environment['SCRIPTORIUM_DATA'] || './data')
  const hasData = environment['SCRIPTORIUM_DATA'] !== undefined || existsSync(data)
  const ledgerFolder = out !== undefined && existsSync(stateFolder(out)) ? stateFolder(out) : data
  return [
    checkNode(),
    checkConfiguration(environment),
    await checkLanguages(environment),
    await checkEngine(environment),
    await checkSecondEngine(environment),
    checkWorkers(environment),
    checkHandles(),
    ...checkDisks({ ...(out !== undefined && { out }), ...(hasData && { data }) }, environment),
    ...checkLedger(ledgerFolder),
    ...(await checkRedis(ledgerFolder, environment)),
  ]
}

/** The shared Redis, or the private one of an active run; without either, whether one can be started. */
async function checkRedis(ledgerFolder: string, environment: NodeJS.ProcessEnv): Promise<Check[]> {
  const shared = environment['REDIS_URL']
  const url = shared || privateAddress(ledgerFolder)
  if (url === undefined) return [checkOwnServer(environment['PATH'] ?? '')]
  try {
    const redis = await connectPromptly(url, answerMs)
    try {
      const workers = Number(environment['SCRIPTORIUM_WORKERS'] || 0) || defaultWorkerCount()
      const keys = createKeys(environment['SCRIPTORIUM_PREFIX'] || 'scriptorium')
      return [...(await checkServer(redis, url, workers)), ...(await checkRoles(redis, keys))]
    } finally {
      redis.disconnect()
    }
  } catch (thrown) {
    // A run that was killed leaves the address of its Redis behind.
    if (!shared) return [checkOwnServer(environment['PATH'] ?? '')]
    const cure = 'start it, or correct REDIS_URL'
    return [wrong('redis', toError(thrown).message, cure)]
  }
}

function privateAddress(folder: string): string | undefined {
  const file = addressFile(folder)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

const colours = { ok: 'green', warning: 'yellow', wrong: 'red' } as const
type Paint = (colour: (typeof colours)[Check['state']], text: string) => string

/** A line for each, with the cure below each problem. */
export function formatChecks(checks: readonly Check[], paint: Paint = (_, text) => text): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.flatMap(({ name, state, found, cure }) => [
    `${paint(colours[state], state.padEnd(7))}  ${name.padEnd(width)}  ${printable(found)}`,
    ...(cure === undefined ? [] : [`${' '.repeat(11 + width)}cure: ${printable(cure)}`]),
  ])
  const count = (state: Check['state']): number =>
    checks.filter((check) => check.state === state).length
  const verdict =
    count('wrong') > 0
      ? `${count('wrong')} wrong: Scriptorium cannot run on this machine yet`
      : count('warning') > 0
        ? `Scriptorium can run; ${counted(count('warning'), 'warning')}`
        : 'No problems found'
  return `${lines.join('\n')}\n\n${verdict}.\n`
}

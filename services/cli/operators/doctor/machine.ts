import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  apiSchema,
  aggregatorSchema,
  bytesPerWorker,
  defaultWorkerCount,
  fleetSchema,
  readConfig,
  usableMemory,
  workerSchema,
} from '../../../../shared/process/config.ts'
import { toError } from '../../../../shared/process/errors.ts'
import { findLanguages, listLanguages } from '../../../../shared/engine/tessdata.ts'
import { formatBytes, ok, warning, wrong, type Check } from './check.ts'

type Environment = Readonly<Record<string, string | undefined>>

const oldestNode: readonly [number, number] = [22, 18]
const fewHandles = 256
const enoughHandles = 1_024
/** Every page that is read passes through here as a file of some megabytes. */
const smallestTemporary = 64 * 2 ** 20
/** A disk with less than this multiple of the minimum will soon be full. */
const comfort = 4

export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])
  const cure = `install Node ${oldestNode.join('.')} or newer`
  return isNew ? ok('node', version) : wrong('node', `${version} is too old`, cure)
}

/** Every variable that a role would refuse when it starts. */
export function checkConfiguration(environment: Environment): Check {
  const problems = [apiSchema, aggregatorSchema, workerSchema, fleetSchema].flatMap((schema) => {
    try {
      readConfig(schema, environment)
      return []
    } catch (thrown) {
      return toError(thrown)
        .message.replace(/^invalid environment: /, '')
        .split('; ')
    }
  })
  if (problems.length === 0) return ok('configuration', 'all variables are valid')
  const cure = 'correct these variables; docs/configuration.md lists the values'
  return wrong('configuration', [...new Set(problems)].join('; '), cure)
}

export async function checkLanguages(environment: Environment): Promise<Check> {
  const wanted = (environment['SCRIPTORIUM_LANGUAGES'] || 'eng').split('+')
  const prefix = environment['TESSDATA_PREFIX'] || undefined
  try {
    const found = await findLanguages(wanted, 1, prefix)
    const missing = found.filter(({ source }) => source === 'npm').map(({ language }) => language)
    const installed = listLanguages(prefix).join(', ')
    if (missing.length === 0) return ok('languages', `installed: ${installed}`)
    const cure = `npx scriptorium languages add ${missing.join(' ')} (as root, or: sudo apt-get install ${missing.map((name) => `tesseract-ocr-${name}`).join(' ')})`
    return warning('languages', `${missing.join(', ')} from npm: 1.4 times slower`, cure)
  } catch (thrown) {
    const cure = `npx scriptorium languages add ${wanted.join(' ')}`
    return wrong('languages', toError(thrown).message, cure)
  }
}

/** Workers against memory and cores; each counts with the maximum of one process. */
export function checkWorkers(
  environment: Environment,
  { memory = usableMemory(), cores = availableParallelism() } = {},
): Check {
  const asked = Number(environment['SCRIPTORIUM_WORKERS'] || 0)
  const workers = asked || defaultWorkerCount()
  const needed = workers * bytesPerWorker
  const found = `${workers} of ${formatBytes(bytesPerWorker)} each, on ${cores} cores with ${formatBytes(memory)}`
  const fit = Math.max(1, Math.floor((memory * 0.8) / bytesPerWorker))
  const cure = `set SCRIPTORIUM_WORKERS to ${Math.min(fit, cores)}, or unset it`
  if (needed > memory && workers > 1) return wrong('workers', found, cure)
  if (workers > cores || workers > fit) return warning('workers', found, cure)
  return ok('workers', found)
}

/** Checks the maximum number of open files of a process: Node has already raised its own limit to the hard limit. */
export function checkHandles(limit: string = openFiles()): Check {
  const found = `${limit} open files`
  const cure = `ulimit -n ${enoughHandles * 64} before the start; systemd: LimitNOFILE=; containers: --ulimit nofile=`
  if (limit === 'unlimited' || Number(limit) >= enoughHandles) return ok('file handles', found)
  return Number(limit) < fewHandles
    ? wrong('file handles', found, cure)
    : warning('file handles', found, cure)
}

const openFiles = (): string =>
  execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()

/** The writable folders: each by its present or future disk. */
export function checkDisks(
  folders: { out?: string; data?: string },
  environment: Environment,
): Check[] {
  const minBytes = Number(environment['SCRIPTORIUM_MIN_FREE_BYTES'] || 512 * 2 ** 20)
  const { out, data } = folders
  return [
    ...(out === undefined ? [] : [checkDisk('disk: output', out, minBytes)]),
    ...(data === undefined
      ? []
      : [
          checkDisk('disk: data', data, minBytes),
          checkDisk('disk: spool', join(data, 'spool'), minBytes),
        ]),
    checkDisk('disk: temporary', tmpdir(), smallestTemporary),
  ]
}

export function checkDisk(name: string, folder: string, minBytes: number): Check {
  const there = nearest(folder)
  const cure = `free some space below ${there}, or choose another folder`
  try {
    accessSync(there, constants.W_OK | constants.X_OK)
  } catch (thrown) {
    const message = `${folder} cannot be written: ${toError(thrown).message}`
    return wrong(name, message, `give user ${process.getuid?.()} the right to write ${there}`)
  }
  const { bavail, bsize, files, ffree } = statfsSync(there)
  const free = bavail * bsize
  const found = `${formatBytes(free)} free for ${folder}`
  if (files > 0 && ffree === 0)
    return wrong(name, `no file can be made in ${folder}: no inode is left`, cure)
  if (free < minBytes) return wrong(name, found, cure)
  return free < comfort * minBytes ? warning(name, found, cure) : ok(name, found)
}

const nearest = (folder: string): string =>
  existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder))

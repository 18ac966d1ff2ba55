import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { toError } from '../../../shared/process/errors.ts'
import { addedPackages } from '../../../shared/engine/tessdata.ts'
import { debianName, debianPackage, npmPackage } from './packages.ts'

/** The installation of a language, or the reasons why it failed. */
type Installation =
  | { isInstalled: true; by: 'apt' | 'npm'; package: string }
  | { isInstalled: false; reasons: string[] }

interface Deps {
  environment: NodeJS.ProcessEnv
  isRoot: boolean
  /** Folder of npm packages: separate, so that `npm ci` leaves it alone. */
  packagesFolder?: string
  /** Called with a line of progress. */
  say: (line: string) => unknown
}

type Attempt = { isInstalled: true } | { isInstalled: false; reason: string }

const run = promisify(execFile)

/** The line with the cause: apt and npm print much more, and npm's last line is the path of its log. */
function reasonOf(message: string): string {
  const lines = message.trim().split('\n')
  const telling = lines.find((line) => /^(E: |npm error (?!code))/.test(line))
  return telling ?? lines.at(-1) ?? ''
}

/**
 * Installs models: with Debian's packages if apt-get is present and permitted, because their models are faster,
 * otherwise with npm's. Never asks for a password.
 */
export function createInstaller(deps: Deps) {
  const { environment, isRoot, packagesFolder = addedPackages, say } = deps
  const attempt = async (command: string, ...words: string[]): Promise<Attempt> => {
    try {
      await run(command, words, { env: environment, maxBuffer: 64 * 2 ** 20 })
      return { isInstalled: true }
    } catch (thrown) {
      return { isInstalled: false, reason: reasonOf(toError(thrown).message) }
    }
  }
  const works = async (command: string, ...words: string[]): Promise<boolean> =>
    (await attempt(command, ...words)).isInstalled
  const asRoot = (...words: string[]): [string, ...string[]] =>
    isRoot ? ['env', ...words] : ['sudo', '-n', 'env', ...words]

  /** The reason why apt cannot be used, found once; undefined where it can. Also updates apt's lists. */
  let obstacle: Promise<string | undefined> | undefined
  const findObstacle = async (): Promise<string | undefined> => {
    if (!(await works('apt-get', '--version'))) return 'apt-get is not installed'
    if (!isRoot && !(await works('sudo', '-n', 'true'))) return 'root is needed'
    say('Updating the package lists ...')
    const renewed = await attempt(...asRoot('apt-get', 'update', '-qq'))
    return renewed.isInstalled ? undefined : `apt-get update fails: ${renewed.reason}`
  }

  const installWithApt = async (language: string): Promise<Attempt & { package: string }> => {
    const name = debianName(language)
    const wanted = debianPackage(name ?? language)
    const refuse = (reason: string) => ({ isInstalled: false as const, reason, package: wanted })
    if (name === undefined) return refuse('Debian has no package of this script')
    obstacle ??= findObstacle()
    const reason = await obstacle
    if (reason !== undefined) return refuse(reason)
    if (!(await works('apt-cache', 'show', wanted))) return refuse('no such package')
    say(`Installing ${wanted} ...`)
    const quiet = 'DEBIAN_FRONTEND=noninteractive'
    const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', wanted]
    return { ...(await attempt(...asRoot(quiet, ...install))), package: wanted }
  }

  const installWithNpm = async (language: string): Promise<Attempt & { package: string }> => {
    const wanted = npmPackage(language)
    if (wanted === undefined) {
      return { isInstalled: false, reason: 'npm has no models of scripts', package: language }
    }
    say(`Installing ${wanted} ...`)
    mkdirSync(packagesFolder, { recursive: true })
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
    const installed = await attempt('npm', 'install', '--prefix', packagesFolder, ...quiet, wanted)
    return { ...installed, package: wanted }
  }

  return async (language: string): Promise<Installation> => {
    const reasons: string[] = []
    for (const [by, install] of [
      ['apt', installWithApt] as const,
      ['npm', installWithNpm] as const,
    ]) {
      const done = await install(language)
      if (done.isInstalled) return { isInstalled: true, by, package: done.package }
      reasons.push(`${by}: ${done.reason}`)
    }
    return { isInstalled: false, reasons }
  }
}

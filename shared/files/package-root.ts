import { homedir } from 'node:os'
import { extname, join, sep } from 'node:path'

/** `.ts` in a checkout, which Node runs as it is; `.js` in the package: Node strips no types below `node_modules`. */
const extension = extname(import.meta.filename)
const codeRoot = join(import.meta.dirname, '../..')

/** The folder of package.json. The package holds the built code in its folder `dist`. */
export const packageRoot = extension === '.js' ? join(codeRoot, '..') : codeRoot

/** Whether npm installed this code into another project, and replaces its folder with the next version. */
const isInstalled = packageRoot.split(sep).includes('node_modules')

/** A folder for files that must survive an update of the package and need no root: in a checkout, the checkout. */
export const ownFolder = isInstalled
  ? join(homedir(), '.local', 'share', 'scriptorium')
  : packageRoot

/** The file of a program that runs as a separate process; `path` from the root of the code, without extension. */
export const programFile = (path: string): string => join(codeRoot, `${path}${extension}`)

/** The same for a program beside the module at `url`, also for threads. */
export const programBeside = (url: string, name: string): URL => new URL(`${name}${extension}`, url)

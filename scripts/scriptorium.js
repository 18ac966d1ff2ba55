#!/usr/bin/env node
// Plain JavaScript, so that any Node can say that it is too old. Runs the source in a checkout, the built code in the package.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `scriptorium: Node ${process.versions.node} is too old; install Node 22.18 or newer\n`,
  )
  process.exit(9)
}

const source = new URL('../services/cli/main.ts', import.meta.url)
const isCheckout = existsSync(source)

// Node 22 calls its SQLite experimental, on the standard error of every command that opens a ledger.
const [print] = process.listeners('warning')
if (major === 22 && print !== undefined) {
  process.off('warning', print)
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') print(warning)
  })
}

// Compiled code is kept between starts, for every process that this one starts, too.
const cache = isCheckout
  ? fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url))
  : `${homedir()}/.cache/scriptorium/compile`
process.env.NODE_COMPILE_CACHE ??= cache
module.enableCompileCache(process.env.NODE_COMPILE_CACHE)

await import(isCheckout ? source : new URL('../dist/services/cli/main.js', import.meta.url))

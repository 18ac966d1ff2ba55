import { createHash, randomBytes } from 'node:crypto'
import { Command, CommanderError } from 'commander'
import { parseToken, scopes } from '../services/api/auth.ts'
import { exitCodes, toError } from '../shared/errors.ts'

/** Makes a token: the secret for its owner, and the entry for SCRIPTORIUM_TOKENS, which holds its hash only. */
const program = new Command('npm run token --')
  .argument('<name>', 'whose it is; shown in logs')
  .option('--scopes <list>', `what it may do: ${scopes.join(', ')}`, 'submit,read')
  .exitOverride()
try {
  program.parse()
  const [name = ''] = program.args
  const { scopes: granted } = program.opts<{ scopes: string }>()
  const secret = `scr_${randomBytes(32).toString('base64url')}`
  const digest = createHash('sha256').update(secret).digest('hex')
  const entry = `${name}:${granted.split(',').join('+')}:${digest}`
  parseToken(entry)
  process.stdout.write(`Token, shown this once:\n  ${secret}\n`)
  process.stdout.write(`Add to SCRIPTORIUM_TOKENS (commas between several):\n  ${entry}\n`)
} catch (thrown) {
  if (!(thrown instanceof CommanderError))
    process.stderr.write(`token: ${toError(thrown).message}\n`)
  process.exit(exitCodes.badArguments)
}

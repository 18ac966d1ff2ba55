import { createHash, randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { parseToken, scopes } from '../api/http/auth.ts'
import { newCommand, type Common } from './command.ts'
import type { Host } from './host.ts'

/** Creates a token: the secret for its owner, and the entry for SCRIPTORIUM_TOKENS, which holds only its hash. */
export const tokenCommand = ({ stdout }: Pick<Host, 'stdout'>): Command =>
  newCommand('token', { quiet: 'print the secret and the entry only, a line each' })
    .description('Creates a token for the HTTP API. Prints its secret once; it is stored nowhere.')
    .argument('<name>', "the owner's name, for logs")
    .option('--scopes <list>', `comma-separated permissions: ${scopes.join(', ')}`, 'submit,read')
    .action((name: string, options: Common & { scopes: string }) => {
      const secret = `scr_${randomBytes(32).toString('base64url')}`
      const digest = createHash('sha256').update(secret).digest('hex')
      const entry = `${name}:${options.scopes.split(',').join('+')}:${digest}`
      parseToken(entry)
      stdout.write(
        options.quiet
          ? `${secret}\n${entry}\n`
          : `Token (shown only once):\n  ${secret}\n` +
              `Add this entry to SCRIPTORIUM_TOKENS (comma-separated):\n  ${entry}\n`,
      )
    })

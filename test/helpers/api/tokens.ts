import { createHash } from 'node:crypto'

const secretOf = (name: string): string => `secret-of-${name}`

/** An entry of SCRIPTORIUM_TOKENS. */
export const tokenEntry = (name: string, scopes: string): string =>
  `${name}:${scopes}:${createHash('sha256').update(secretOf(name)).digest('hex')}`

/** The headers of a request by the token of this name. */
export const bearer = (name: string) => ({
  headers: { authorization: `Bearer ${secretOf(name)}` },
})

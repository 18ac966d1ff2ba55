import { signal } from '@preact/signals'
import type { CallerView } from './views.ts'

const storageKey = 'scriptorium.token'

/** The caller's token. The browser forgets it with the tab; it is never part of a URL. */
export const token = signal<string | null>(sessionStorage.getItem(storageKey))
/** Why the service refused the token, or asks for one; null while requests are accepted. */
export const refusal = signal<string | null>(null)
/** The caller as the service knows it; null until it has answered. */
export const caller = signal<CallerView | null>(null)

export function keepToken(text: string): void {
  sessionStorage.setItem(storageKey, text)
  token.value = text
  refusal.value = null
}

/** Asks for a token; the reason of an earlier refusal stays. */
export function askForToken(): void {
  refusal.value ??= ''
}

export function forgetToken(why: string | null): void {
  sessionStorage.removeItem(storageKey)
  token.value = null
  caller.value = null
  refusal.value = why
}

type Scope = CallerView['scopes'][number]

/** Whether the caller's token has a scope; `admin` includes the others. */
export const may = (scope: Scope): boolean => {
  const scopes = caller.value?.scopes ?? []
  return scopes.includes(scope) || scopes.includes('admin')
}

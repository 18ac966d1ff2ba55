/** One check. `wrong` keeps Scriptorium from working; a warning costs time, memory or safety. */
export interface Check {
  name: string
  state: 'ok' | 'warning' | 'wrong'
  found: string
  /** Of all that is not ok. */
  cure?: string
}

export const ok = (name: string, found: string): Check => ({ name, state: 'ok', found })
export const warning = (name: string, found: string, cure: string): Check => ({
  name,
  state: 'warning',
  found,
  cure,
})
export const wrong = (name: string, found: string, cure: string): Check => ({
  name,
  state: 'wrong',
  found,
  cure,
})

/** `1.5 GiB`, `512 MiB`. */
export function formatBytes(bytes: number): string {
  const gib = bytes / 2 ** 30
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`
}

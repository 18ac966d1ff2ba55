/** Numbers and times in the reader's locale. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export const formatCount = (count: number): string => whole.format(count)
export const formatNumber = (value: number): string => fine.format(value)
/** `percent` from 0 to 100. */
export const formatPercent = (percent: number): string => `${fine.format(percent)} %`
export const formatTime = (iso: string): string => clock.format(new Date(iso))

const units = ['B', 'kB', 'MB', 'GB', 'TB']

export function showBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${(value < 10 && unit > 0 ? fine : whole).format(value)} ${units[unit] ?? ''}`
}

/** `3.2 s`, `4 min`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${fine.format(seconds)} s`
  if (seconds < 60) return `${whole.format(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}

export const secondsSince = (iso: string): number =>
  Math.max(0, (Date.now() - Date.parse(iso)) / 1_000)

/** `many(3, 'page')` is `3 pages`. */
export const many = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`

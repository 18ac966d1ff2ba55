import type { OutputDocument } from '../format.ts'

/**
 * For these failures the picture was sound: it is shown, without text. For all others the decoder rejected the page.
 */
const engineFaults: ReadonlySet<string> = new Set([
  'page_timeout',
  'engine_failed',
  'engine_boot_failed',
  'recipe_mismatch',
  'cancelled',
])

/** Tells which pages are not decoded for output because the worker could not decode them. */
export function isRefusedPage({ failedPages }: OutputDocument): (page: number) => boolean {
  const refused = new Set(
    failedPages.filter(({ error }) => !engineFaults.has(error.code)).map(({ page }) => page),
  )
  return (page) => refused.has(page)
}

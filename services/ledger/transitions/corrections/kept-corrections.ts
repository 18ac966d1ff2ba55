import type { DatabaseSync } from 'node:sqlite'
import type { PageResult, PageWarning } from '../../../../shared/contract/result/page.ts'
import type { Revision, Revisions } from './revisions.ts'

/** The effect of a new reading of a page that a person may have corrected. */
interface OnReading {
  /** The page's text from now on. */
  shown: PageResult
  isReviewed: boolean
  /** Records the reading beside the correction; called once the page is stored. */
  record: () => void
}

const nothing = (): void => undefined

/**
 * Corrections outlive later readings. A reading of the same bytes changes nothing but a warning; the text of other bytes
 * replaces the correction, with a warning. Both texts stay in the revisions.
 */
export function createKeptCorrections(database: DatabaseSync, revisions: Revisions) {
  const content = database.prepare('SELECT sha256 FROM documents WHERE id = ?')
  const contentOf = (documentId: string): string | null => {
    const sha256 = content.get(documentId)?.['sha256']
    return typeof sha256 === 'string' ? sha256 : null
  }
  return {
    /** The corrected text of a page whose file is the same. */
    kept(documentId: string, page: number): PageResult | undefined {
      const correction = revisions.correction(documentId, page)
      if (correction?.sha256 !== contentOf(documentId)) return undefined
      return correction && withWarning(correction.result, kept(correction))
    },
    onReading(documentId: string, reading: PageResult): OnReading {
      const correction = revisions.correction(documentId, reading.page)
      if (correction === undefined) return { shown: reading, isReviewed: false, record: nothing }
      const sha256 = contentOf(documentId)
      const isSameFile = correction.sha256 === sha256
      return {
        shown: isSameFile
          ? withWarning(correction.result, kept(correction))
          : withWarning(reading, dropped(correction)),
        isReviewed: isSameFile,
        record: () =>
          revisions.add({
            documentId,
            number: revisions.latest(documentId, reading.page) + 1,
            kind: 'reading',
            author: null,
            at: new Date().toISOString(),
            sha256,
            result: reading,
          }),
      }
    },
  }
}

const withWarning = (page: PageResult, warning: PageWarning): PageResult => ({
  ...page,
  warnings: [...(page.warnings ?? []).filter(({ code }) => code !== warning.code), warning],
})

const kept = ({ author, at }: Revision): PageWarning => ({
  code: 'correction_kept',
  message: `the page was read again after ${author} had corrected it (${at}); the correction stays, and the new reading is in its revisions`,
})

const dropped = ({ author, at }: Revision): PageWarning => ({
  code: 'correction_dropped',
  message: `the file has changed since ${author} corrected the page (${at}); the text is that of the new reading, and the correction is in its revisions`,
})

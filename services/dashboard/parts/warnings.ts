import type { WarningCode } from '../../../shared/contract/result/page.ts'

/** Known defects of a text, in words. */
export const warningNames: Readonly<Record<WarningCode, string>> = {
  text_missed: 'Some printed lines have no words',
  low_confidence: 'Most words may be wrong',
  reading_given_up: 'A further reading was given up',
  pictures_unread: 'Pictures on a page are not read',
  pages_missing: 'The PDF has fewer pages than it announces',
  correction_kept: 'Read again; the correction stays',
  correction_dropped: 'The file has changed since it was corrected',
}

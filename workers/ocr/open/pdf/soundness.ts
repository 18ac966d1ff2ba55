import type { Character } from './characters.ts'
import { wordingOf } from './wording.ts'

/**
 * Whether text means what it shows. The bounds were set on real PDFs: sound text stays far from all of them; fonts
 * without a Unicode table and layers of failed OCR do not come near.
 */
const bounds = {
  /** Maximum share of odd words among sound and odd ones, and the number that is no accident. */
  odd: { max: 0.3, from: 3 },
  /** Single letters among words with letters, in text that is long enough: "l e t t e r s". */
  single: { max: 0.5, from: 12 },
  /** Replacement and control characters. */
  maxGarbage: 0.03,
  /** Characters for which nothing has Unicode, so that PDFium guesses. */
  maxUnmapped: 0.2,
  /** In a layer that an OCR engine wrote: odd words, mixed words (badly recognised text), and stray letters. */
  layer: { maxOdd: 0.15, maxMixed: 0.012, maxStray: 0.12, from: 20 },
} as const

/** Leaders of dots and dashes in tables: a page may be full of them. */
const blankOrLeader = /^[\s.·…_-]$/u
const garbage = /[\p{Cn}\p{Cc}\ufffd]/u

/** The characters that are neither gaps nor leaders. */
export const inkOf = (characters: readonly Character[]): Character[] =>
  characters.filter(({ isInk, text }) => isInk && !blankOrLeader.test(text))

/**
 * Whether text that a program set, and that a page shows, is certainly what it says: a font without a Unicode table
 * makes a cipher of it. Words decide, because numbers, bullets and pictures say nothing about the fonts.
 */
export function isExact(ink: readonly Character[], text: string): boolean {
  if (shareOf(ink, ({ text: character }) => garbage.test(character)) > bounds.maxGarbage)
    return false
  const { sound, odd, single, lettered } = wordingOf(text)
  if (odd >= bounds.odd.from && odd > bounds.odd.max * (sound + odd)) return false
  if (single >= bounds.single.from && single > bounds.single.max * lettered) return false
  const isGuessed = shareOf(ink, ({ isUnmapped }) => isUnmapped) > bounds.maxUnmapped
  return !isGuessed || sound >= bounds.odd.from
}

/** Whether an invisible layer, which an OCR engine wrote, was recognised well. */
export function isWellRead(ink: readonly Character[], text: string): boolean {
  if (!isExact(ink, text)) return false
  const { maxOdd, maxMixed, maxStray, from } = bounds.layer
  const { sound, odd, mixed, stray, lettered } = wordingOf(text)
  if (mixed > maxMixed * lettered) return false
  if (lettered < from) return true
  return odd <= maxOdd * (sound + odd) && stray <= maxStray * lettered
}

const shareOf = (ink: readonly Character[], holds: (character: Character) => boolean): number =>
  ink.length === 0 ? 0 : ink.filter(holds).length / ink.length

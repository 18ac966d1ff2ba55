/** Counts of the words of a text by their form. */
interface WordForms {
  /** Words with the form of a word in some language. */
  sound: number
  /** Words that no language has: mixed with symbols, without vowels, with a capital inside, of meaningless characters. */
  odd: number
  /** Words with a form that well recognised text hardly has: capitals or digits among lower-case letters. */
  mixed: number
  /** Single letters; those of them that are no word of a European language; and all words with letters. */
  single: number
  stray: number
  lettered: number
}

/** Replacement, unassigned and control characters; private use only counts inside words, because bullets use it. */
const meaningless = /[\p{Cn}\p{Cc}\ufffd]/u
const meaninglessInside = /[\p{Co}\p{Cn}\p{Cc}\ufffd]/u
const mixedForm = /\p{Ll}\p{Lu}|\p{Lu}{2,}\p{Ll}{2}|\p{Ll}\p{N}+\p{L}|\p{L}\p{N}+\p{Ll}/u
/** Parts of compounds, addresses and abbreviations. */
const joints = /[-‐‑–—'’./_@:&+()[\],;=?!%#*|]+/u
const vowel = /[aeiouyæœøıəɛɔ]/u
/** German has five consonants in a row ("Herbstes"), and six in compounds. */
const maxConsonants = 6
/** Shorter words without a vowel are abbreviations, or Czech. */
const minVowelled = 4
/** Acronyms need no vowel. */
const maxAcronym = 5
const singleLetter = /^\p{Script=Latin}\p{M}*$/u
/** As one letter, these are words of European languages. */
const oneLetterWords = /^[aeiouyàéèóòíwzkvs&]$/iu

/** Classifies the words of a text. Parts, serial and other numbers count as nothing. */
export function wordingOf(text: string): WordForms {
  const wording = { sound: 0, odd: 0, mixed: 0, single: 0, stray: 0, lettered: 0 }
  for (const token of text.split(/\s+/u)) {
    if (token === '') continue
    if (/\p{L}/u.test(token)) wording.lettered += 1
    const verdict = judge(token)
    if (verdict !== 'neutral') wording[verdict] += 1
    const core = trim(token)
    if (mixedForm.test(core)) wording.mixed += 1
    if (!singleLetter.test(core)) continue
    wording.single += 1
    if (!oneLetterWords.test(core)) wording.stray += 1
  }
  return wording
}

const trim = (token: string): string => token.replaceAll(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')

type Verdict = 'sound' | 'odd' | 'neutral'

function judge(token: string): Verdict {
  if (meaningless.test(token)) return 'odd'
  const core = trim(token)
  if (core === '') return 'neutral'
  if (meaninglessInside.test(core)) return 'odd'
  // Numbers, part numbers and acronyms with digits.
  if (!/\p{L}/u.test(core) || (/\p{N}/u.test(core) && !/\p{Ll}/u.test(core))) return 'neutral'
  const verdicts = new Set(core.split(joints).map(judgePart))
  if (verdicts.has('odd')) return 'odd'
  return verdicts.has('sound') ? 'sound' : 'neutral'
}

function judgePart(part: string): Verdict {
  // "mp3", "v2", "3rd", "25kg".
  if (/^\p{L}*\p{N}+$|^\p{N}+\p{L}{1,4}$/u.test(part)) return 'neutral'
  if (!/^[\p{L}\p{M}]+$/u.test(part)) return 'odd'
  return /^[\p{Script=Latin}\p{M}]+$/u.test(part) ? judgeLatin(part) : 'sound'
}

function judgeLatin(part: string): Verdict {
  const letters = part.normalize('NFD').replaceAll(/\p{M}/gu, '')
  if (letters.length < 3) return 'neutral'
  const isUpper = letters === letters.toUpperCase()
  if (isUpper && letters.length <= maxAcronym) return 'neutral'
  if (!isUpper && !/^\p{Lu}?\p{Ll}*(?:\p{Lu}\p{Ll}+)?$/u.test(letters)) return 'odd'
  const lower = letters.toLowerCase()
  if (!vowel.test(lower)) return lower.length < minVowelled ? 'neutral' : 'odd'
  const runs = lower.split(/[aeiouyæœøıəɛɔ]+/u)
  return runs.some((run) => run.length > maxConsonants) ? 'odd' : 'sound'
}

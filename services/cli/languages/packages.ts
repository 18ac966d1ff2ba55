/** Debian names scripts by their ISO 15924 codes. */
const scriptCodes: Readonly<Record<string, string>> = {
  Arabic: 'arab',
  Armenian: 'armn',
  Bengali: 'beng',
  Canadian_Aboriginal: 'cans',
  Cherokee: 'cher',
  Cyrillic: 'cyrl',
  Devanagari: 'deva',
  Ethiopic: 'ethi',
  Fraktur: 'frak',
  Georgian: 'geor',
  Greek: 'grek',
  Gujarati: 'gujr',
  Gurmukhi: 'guru',
  HanS: 'hans',
  HanS_vert: 'hans-vert',
  HanT: 'hant',
  HanT_vert: 'hant-vert',
  Hangul: 'hang',
  Hangul_vert: 'hang-vert',
  Hebrew: 'hebr',
  Japanese: 'jpan',
  Japanese_vert: 'jpan-vert',
  Kannada: 'knda',
  Khmer: 'khmr',
  Lao: 'laoo',
  Latin: 'latn',
  Malayalam: 'mlym',
  Myanmar: 'mymr',
  Oriya: 'orya',
  Sinhala: 'sinh',
  Syriac: 'syrc',
  Tamil: 'taml',
  Telugu: 'telu',
  Thaana: 'thaa',
  Thai: 'thai',
  Tibetan: 'tibt',
  Vietnamese: 'viet',
}

const scriptOf = (language: string): string | undefined => /^script\/(.+)$/.exec(language)?.[1]

/** Debian's name of a language, `chi-sim` or `script-frak`; undefined for a script that it does not have. */
export function debianName(language: string): string | undefined {
  const script = scriptOf(language)
  if (script === undefined) return language.toLowerCase().replaceAll('_', '-')
  return scriptCodes[script] === undefined ? undefined : `script-${scriptCodes[script]}`
}

export const debianPackage = (name: string): string => `tesseract-ocr-${name}`

/** Fedora's package of a language's or script's model. */
export function fedoraPackage(language: string): string {
  const script = scriptOf(language)
  if (script === undefined) return `tesseract-langpack-${language}`
  return `tesseract-script-${script.toLowerCase()}`
}

/** The npm package of a language's model; undefined for scripts, which npm does not have. */
export function npmPackage(language: string): string | undefined {
  return scriptOf(language) === undefined ? `@tesseract.js-data/${language}` : undefined
}

/** Instructions to install these languages, for each kind of machine. */
export function howTo(languages: readonly string[]): string {
  const names = languages.flatMap((language) => debianName(language) ?? [])
  const npm = languages.flatMap((language) => npmPackage(language) ?? [])
  const lines = [
    ['apt', `sudo apt-get install --no-install-recommends ${names.map(debianPackage).join(' ')}`],
    ['dnf', `sudo dnf install ${languages.map(fedoraPackage).join(' ')}`],
    ['brew', 'brew install tesseract-lang'],
    ['compose', `LANGUAGES="${names.join(' ')}" in .env, then docker compose up -d --build`],
  ]
  if (npm.length > 0) lines.push(['npm', `npm install ${npm.join(' ')}`])
  return lines.map(([tool, command]) => `  ${`${tool}:`.padEnd(9)}${command}`).join('\n')
}

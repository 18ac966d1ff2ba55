/** A command line without its password, which must not be shown. */
export function withoutPdfPassword(words: readonly string[]): string[] {
  const flag = '--pdf-password'
  return words.filter(
    (word, index) => word !== flag && !word.startsWith(`${flag}=`) && words[index - 1] !== flag,
  )
}

/** Writes a command so that a POSIX shell reads these very words. */
export function shellCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}

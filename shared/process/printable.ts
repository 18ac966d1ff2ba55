/**
 * Controls (C0 and C1 move the cursor and rewrite the screen), formats (bidirectional controls and zero-width
 * characters make a name look like another), line separators and lone surrogates; except the line breaks and tabs of
 * our own text.
 */
const hidden = /[^\n\t\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Escapes characters that a terminal would obey or hide, as in JSON: JSON text keeps its value. */
export const printable = (text: string): string => text.replace(hidden, escape)

/** Returns a name on one line, in quotes where that is necessary. */
export const printableName = (name: string): string =>
  /\p{Cc}/u.test(name) ? printable(JSON.stringify(name)) : printable(name)

const escape = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

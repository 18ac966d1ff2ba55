/** Text before a host path: the start, a space, or punctuation that messages put around names. */
const before = String.raw`(^|[\s'"\x60(=[<{,|:])`
const quoted = /(['"`])\/(?!v1\/)[^'"`]*\/[^'"`]*\1/g
const fileUrl = /\bfile:\/\/[^\s'"`]+/g
const plain = new RegExp(`${before}\\/(?![/]|v1\\/)(?:[^\\s'"():;,]+\\/)+[^\\s'"():;,]*`, 'g')

/** Removes host folders from a message that was written for the host's owner; the API's own routes stay. */
export const scrub = (message: string): string =>
  message.replace(fileUrl, '…').replace(quoted, '$1…$1').replace(plain, '$1…')

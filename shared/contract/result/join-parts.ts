/** Mean confidence of a text's parts, percent with two decimals; 0 for an empty list. */
export function meanConfidence(parts: readonly { confidence: number }[]): number {
  const sum = parts.reduce((total, { confidence }) => total + confidence, 0)
  return parts.length === 0 ? 0 : Math.round((sum / parts.length) * 100) / 100
}

/** Text and confidence of a line, paragraph or block follow from its parts. */
export const joinParts = (
  parts: readonly { text: string; confidence: number }[],
  separator: string,
): { text: string; confidence: number } => ({
  text: parts.map(({ text }) => text).join(separator),
  confidence: meanConfidence(parts),
})

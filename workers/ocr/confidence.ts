/** Mean confidence of a text's parts, percent with two decimals; 0 of none. */
export function meanConfidence(parts: readonly { confidence: number }[]): number {
  const sum = parts.reduce((total, { confidence }) => total + confidence, 0)
  return parts.length === 0 ? 0 : Math.round((sum / parts.length) * 100) / 100
}

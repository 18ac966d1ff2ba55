/**
 * Order-free word F1 of a recognised text against the true one, 0 to 1: letters, digits and marks, case folded,
 * each word as often as it occurs. Fair to any reading order.
 */
export function wordF1(truth: string, text: string): number {
  const expected = countWords(truth)
  const found = countWords(text)
  const total = sum(expected.values()) + sum(found.values())
  if (total === 0) return 1
  const hits = sum([...expected].map(([word, count]) => Math.min(count, found.get(word) ?? 0)))
  return (2 * hits) / total
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of fold(text).split(/[^\p{L}\p{N}\p{M}]+/u)) {
    if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return counts
}

const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[‘’‚`´]/g, "'")
    .toLowerCase()

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)

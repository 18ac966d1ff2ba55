import type { FuzzFinding } from './findings.ts'

interface Point {
  /** Thousands of files so far. */
  files: number
  megabytes: number
}

/** Maximum growth of memory, MB per 1 000 files, once a role has processed every kind of file. */
const maxSlope = 5
const settledAfterFiles = 2_000
const minPoints = 8

/** Tracks the resident memory of each role during a campaign. */
export function createMemoryTrend() {
  const lines = new Map<string, Point[]>()
  const slopes = (): [name: string, slope: number][] =>
    [...lines].flatMap(([name, points]): [string, number][] => {
      const settled = points.filter(({ files }) => files * 1_000 >= settledAfterFiles)
      return settled.length < minPoints ? [] : [[name, slopeOf(settled)]]
    })
  return {
    add(files: number, usage: ReadonlyMap<string, { rssBytes: number }>): void {
      for (const [name, { rssBytes }] of usage) {
        const point = { files: files / 1_000, megabytes: rssBytes / 1e6 }
        lines.set(name, [...(lines.get(name) ?? []), point])
      }
    },
    describe: (): string =>
      [...lines]
        .map(([name, points]) => `${name} ${Math.round(points.at(-1)?.megabytes ?? 0)} MB`)
        .join(', '),
    judge: (): FuzzFinding[] =>
      slopes()
        .filter(([, slope]) => slope > maxSlope)
        .map(([name, slope]) => ({
          kind: 'memory',
          about: `${name} grows by ${slope.toFixed(1)} MB per 1000 files`,
        })),
    lines(peaks: ReadonlyMap<string, number>): string[] {
      const slope = new Map(slopes())
      return [...peaks].map(([name, bytes]) => {
        const grows = slope.get(name)
        const trend =
          grows === undefined ? 'too few files' : `${grows.toFixed(1)} MB per 1000 files`
        return `Memory of ${name}: at most ${Math.round(bytes / 1e6)} MB, slope ${trend}`
      })
    },
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Least squares. */
function slopeOf(points: readonly Point[]): number {
  const [x, y] = [mean(points.map((p) => p.files)), mean(points.map((p) => p.megabytes))]
  const across = points.reduce((sum, p) => sum + (p.files - x) * (p.megabytes - y), 0)
  return across / points.reduce((sum, p) => sum + (p.files - x) ** 2, 0)
}

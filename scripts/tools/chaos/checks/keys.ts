import type { Redis } from '../../../../shared/redis/connection/redis.ts'
import { finding, type ChaosFinding } from '../history/findings.ts'

/** A kind of key as documented in docs/redis-keys.md. */
interface KeyKind {
  pattern: RegExp
  /** It expires, and so has a TTL when all work has ended. */
  hasTtl: boolean
}

/** Parses the table of keys: a row's patterns, and their lifetimes (`;` between them where they differ). */
export function readKeyTable(markdown: string): KeyKind[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [, names = '', , lives = ''] = line.split('|')
      const lifetimes = lives.split(';')
      return expand(names).map((name, index) => ({
        pattern: toPattern(name),
        hasTtl: /^\s*\d+ (s|min|h)\b/.test(lifetimes[index] ?? lifetimes[0] ?? ''),
      }))
    })
}

/** `run:<id>:progress`, `:events` are two names with a common prefix. */
function expand(cell: string): string[] {
  const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  const [first = ''] = names
  const beginning = first.slice(0, first.lastIndexOf(':'))
  return names.map((name) => (name.startsWith(':') ? `${beginning}${name}` : name))
}

/** `<id>` stands for anything without a colon, `*` for anything. */
function toPattern(name: string): RegExp {
  const source = name
    .replaceAll(/[.+?^$()[\]{}|\\]/g, String.raw`\$&`)
    .replaceAll('*', '.+')
    .replaceAll(/<[^>]+>/g, '[^:]+')
  return new RegExp(`^${source}$`)
}

/** BullMQ's keys of a queue without jobs. */
const queueItself =
  /^bull:(?:pages|pictures)-[^:]+:(meta|id|events|marker|pc|wait|active|stalled|stalled-check|failed|completed|delayed|prioritized|paused|metrics:.+)$/

/** Keys of an idle Redis without an owner, or that nothing will delete. */
export async function checkKeys(
  redis: Redis,
  prefix: string,
  kinds: readonly KeyKind[],
): Promise<ChaosFinding[]> {
  const findings: ChaosFinding[] = []
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000)
    cursor = next
    for (const key of keys) {
      const problem = await judge(redis, key, prefix, kinds)
      if (problem !== undefined) findings.push(finding('orphans', `Redis key ${key} ${problem}`))
    }
  } while (cursor !== '0')
  return findings
}

async function judge(
  redis: Redis,
  key: string,
  prefix: string,
  kinds: readonly KeyKind[],
): Promise<string | undefined> {
  if (!key.startsWith(`${prefix}:`)) return 'is not below our prefix'
  const name = key.slice(prefix.length + 1)
  if (name.startsWith('bull:'))
    return queueItself.test(name) ? undefined : 'is of a job that is no more'
  const kind = kinds.find(({ pattern }) => pattern.test(name))
  if (kind === undefined) return 'is not in the table of docs/redis-keys.md'
  if (!kind.hasTtl) return undefined
  return (await redis.ttl(key)) === -1 ? 'has no TTL' : undefined
}

import { findProcesses, type ProcessRole } from '../../common/processes.ts'

/** Runs `work` and measures each role's share of the processors meanwhile, in percent of one. */
export async function withShares<T>(
  workspace: string,
  work: () => Promise<T>,
): Promise<{ value: T; shares: Map<ProcessRole, number> }> {
  const before = new Map(findProcesses(workspace).map(({ pid, cpuSeconds }) => [pid, cpuSeconds]))
  const began = performance.now()
  const value = await work()
  const seconds = (performance.now() - began) / 1_000
  const shares = new Map<ProcessRole, number>()
  for (const { pid, role, cpuSeconds } of findProcesses(workspace)) {
    const used = cpuSeconds - (before.get(pid) ?? 0)
    shares.set(role, (shares.get(role) ?? 0) + (100 * used) / seconds)
  }
  return { value, shares }
}

/** One line for a remark; `own` adds the measurements that a process reported of itself before it ended. */
export function describeShares(
  shares: ReadonlyMap<ProcessRole, number>,
  loadShare?: number,
): string {
  const all = new Map<string, number>(shares)
  if (loadShare !== undefined) all.set('load generator', loadShare)
  return [...all]
    .filter(([, share]) => share >= 0.5)
    .toSorted(([, a], [, b]) => b - a)
    .map(([role, share]) => `${role} ${share.toFixed(0)} %`)
    .join(', ')
}

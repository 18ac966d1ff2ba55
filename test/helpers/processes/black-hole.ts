import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Ending } from '../folder.ts'

/** A proxy to Redis that can swallow all bytes. */
export interface BlackHole {
  url: string
  /** From here on bytes vanish, both ways. */
  swallow: () => void
  /** New connections go through again; those that lost a byte stay dead, as behind a firewall that forgot them. */
  heal: () => void
}

/** Puts a black hole before the Redis on this unix socket. It ends with the test. */
export async function startBlackHole(ending: Ending, target: string): Promise<BlackHole> {
  const sockets = new Set<Socket>()
  let isDark = false
  const server = createServer((near) => {
    const far = connect(target.replace('unix://', ''))
    const pair = [near, far] as const
    let isDead = false
    for (const [from, to] of [pair, [far, near] as const]) {
      sockets.add(from)
      from.on('data', (chunk) => {
        isDead ||= isDark
        if (!isDead) to.write(chunk)
      })
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (!isDark) to.destroy()
      })
    }
  })
  const socket = `${target.replace('unix://', '')}.hole`
  await once(server.listen(socket), 'listening')
  ending.after(() => {
    for (const each of sockets) each.destroy()
    server.close()
  })
  return {
    url: `unix://${socket}`,
    swallow: () => (isDark = true),
    heal: () => (isDark = false),
  }
}

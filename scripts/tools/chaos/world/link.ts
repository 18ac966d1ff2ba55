import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** State of the link between the services and Redis: `refuse` resets new connections, a `blackhole` swallows bytes. */
type LinkMode = 'pass' | 'refuse' | 'blackhole'

interface Pair {
  near: Socket
  far: Socket
  /** A connection that lost a byte never carries another, as where a firewall has forgotten it. */
  isDead: boolean
}

/** A TCP proxy in front of Redis. */
export async function openLink(targetPort: number) {
  const pairs = new Set<Pair>()
  let mode: LinkMode = 'pass'

  const end = (pair: Pair): void => {
    pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }
  const forward = (pair: Pair, from: Socket, to: Socket): void => {
    from.on('data', (chunk) => {
      if (mode === 'blackhole') pair.isDead = true
      if (pair.isDead || to.write(chunk)) return
      from.pause()
      to.once('drain', () => from.resume())
    })
    from.on('error', () => end(pair))
    // The end of a dead connection is not passed on either.
    from.on('close', () => {
      if (mode !== 'blackhole' && !pair.isDead) end(pair)
    })
  }
  const server = createServer((near) => {
    near.on('error', () => undefined) // Told to its pair, where it has one.
    if (mode === 'refuse') return void near.resetAndDestroy()
    const pair = { near, far: connect(targetPort, '127.0.0.1'), isDead: false }
    pairs.add(pair)
    forward(pair, near, pair.far)
    forward(pair, pair.far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the link has no port')
  return {
    port: address.port,
    set: (next: LinkMode): void => void (mode = next),
    /** Resets every connection. */
    cut(): void {
      for (const pair of pairs) {
        pair.near.resetAndDestroy()
        end(pair)
      }
    },
    close(): void {
      for (const pair of pairs) end(pair)
      server.close()
    },
  }
}

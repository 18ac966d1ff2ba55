import ipaddr from 'ipaddr.js'
import type { FastifyRequest } from 'fastify'

/** Prefix length of the smallest IPv6 network that a subscriber gets. */
const ownBits = 64

/** An address as limits count it: for IPv6 the network, because a host may use any address in it. */
export function addressHolder(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.toString()
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${ownBits}`).toString()
}

/** The holder of a share of a limit: the token, or the address without tokens. */
export const holderOf = ({ caller, ip }: Pick<FastifyRequest, 'caller' | 'ip'>): string =>
  caller === 'anonymous' ? `address ${addressHolder(ip)}` : `token ${caller}`

/** Returns a test for proxies, from a list of addresses and CIDRs. */
export function createProxyCheck(proxies: readonly string[]): (address: string) => boolean {
  const ranges = proxies.flatMap((text) => {
    if (ipaddr.isValidCIDR(text)) return [ipaddr.parseCIDR(text)]
    if (!ipaddr.isValid(text)) return []
    const address = ipaddr.parse(text)
    return [[address, address.kind() === 'ipv4' ? 32 : 128] as ReturnType<typeof ipaddr.parseCIDR>]
  })
  return (address) => {
    if (ranges.length === 0 || !ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return ranges.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
    )
  }
}

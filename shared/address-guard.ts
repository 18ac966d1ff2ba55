import ipaddr from 'ipaddr.js'
import { ScriptoriumError } from './errors.ts'

export type AddressGuard = (address: string) => boolean

/** IPv6 that is assigned to somebody (RFC 4291); what embeds IPv4 addresses elsewhere never is. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** Azure's metadata stands at an address that looks like anybody's. */
const azureMetadata = '168.63.129.16'

/**
 * Tells which addresses may be reached: those that are public and not special in any way, and those in `allow`.
 * Throws `configuration` where an entry of `allow` is not a range.
 */
export function createAddressGuard(allow: readonly string[]): AddressGuard {
  const ranges = allow.map(parseRange)
  return (address) => {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.parse(address)
    const isIn = ([network, bits]: (typeof ranges)[number]): boolean =>
      network.kind() === parsed.kind() && parsed.match(network, bits)
    return isPublic(parsed) || ranges.some(isIn)
  }
}

function parseRange(text: string): ReturnType<typeof ipaddr.parseCIDR> {
  // The parser takes 10/8 for 0.0.0.10/8, which nobody means.
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) {
    return ipaddr.parseCIDR(text)
  }
  throw new ScriptoriumError(
    'configuration',
    `${JSON.stringify(text)} is not a range of addresses; write it as 10.0.0.0/8 or fd00::/8`,
  )
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4'
    ? address.toString() !== azureMetadata
    : address.match(globalUnicast)
}

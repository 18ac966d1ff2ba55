import ipaddr from 'ipaddr.js'
import { ScriptoriumError } from '../../shared/process/errors.ts'

export type AddressGuard = (address: string) => boolean

/** Assigned IPv6 addresses (RFC 4291); no other range that embeds IPv4 addresses is ever reachable. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** Azure's metadata service has an address that looks public. */
const azureMetadata = '168.63.129.16'

/**
 * Returns a test for reachable addresses: public ones without a special purpose, and those in `allow`. Throws
 * `configuration` where an entry of `allow` is not a range.
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
  // The parser reads 10/8 as 0.0.0.10/8, which is never meant.
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) {
    return ipaddr.parseCIDR(text)
  }
  throw new ScriptoriumError(
    'configuration',
    `${JSON.stringify(text)} is not an address range; write it as 10.0.0.0/8 or fd00::/8`,
  )
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4'
    ? address.toString() !== azureMetadata
    : address.match(globalUnicast)
}

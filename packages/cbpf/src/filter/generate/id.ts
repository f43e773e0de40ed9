import type { Condition } from '../condition.ts'
import { readIpv4, readIpv6, readMac } from '../language/number-text.ts'
import type { Id } from '../language/syntax-tree.ts'
import type { Qualifiers } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { headerChain } from './header-chain.ts'
import { hasIpv4Address, hasIpv6Address, hasMacAddress, type MaskedWord } from './host.ts'
import { namedId, portProtocol, refuseHighPort } from './named-id.ts'
import { hasPort, hasPortInRange } from './port.ts'
import { protocolCarries } from './protocol-number.ts'

type IdOf<Form extends Id['form']> = Id & { readonly form: Form }

/** `host 10.0.0.1`, `port 80`: an id with the qualifiers that say what it is. */
export function idTest(generation: Generation, id: Id, qualifiers: Qualifiers | undefined): Condition {
  if (qualifiers === undefined) {
    throw generation.error('syntax error in filter expression', {
      hint: 'nothing before it says what it is: host, net, port, proto ...',
    })
  }
  switch (id.form) {
    case 'number':
      return numberId(generation, id.value, qualifiers)
    case 'name':
      return namedId(generation, id.text, qualifiers)
    case 'mac':
      return macId(generation, id, qualifiers)
    case 'arcnet':
      throw generation.error('aid supported only on ARCnet')
    case 'ipv6':
      return ipv6Id(generation, id, qualifiers)
    case 'ipv4':
      return ipv4Id(generation, id, qualifiers)
    case 'ipv4-prefix':
    case 'ipv4-mask':
      return ipv4Network(generation, id, qualifiers)
  }
}

const topBits = (bits: number): number => (bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0)
const shifted = (value: number, bits: number): number => (bits === 32 ? value : (value << (32 - bits)) >>> 0)

function numberId(generation: Generation, value: number, qualifiers: Qualifiers): Condition {
  const { protocol, direction, address } = qualifiers
  switch (address) {
    case 'default':
    case 'host':
    case 'net':
      return numericAddress(
        generation,
        address === 'net' ? shortNetwork(value) : { value, mask: topBits(32) },
        qualifiers,
      )
    case 'port':
    case 'portrange': {
      const transport = portProtocol(generation, protocol, address)
      refuseHighPort(generation, value)
      if (address === 'port') return hasPort(generation, value, transport, direction)
      return hasPortInRange(generation, { first: value, last: value }, transport, direction)
    }
    case 'gateway':
      throw generation.error("'gateway' requires a name")
    case 'proto':
      return protocolCarries(generation, protocol, value)
    case 'protochain':
      return headerChain(generation, protocol, value)
  }
}

/** `net 10` is 10.0.0.0/8: a number without its last bytes. */
function shortNetwork(number: number): MaskedWord {
  let value = number
  let mask = topBits(32)
  while (value !== 0 && value >>> 24 === 0) {
    value = (value << 8) >>> 0
    mask = (mask << 8) >>> 0
  }
  return { value, mask }
}

function numericAddress(generation: Generation, word: MaskedWord, qualifiers: Qualifiers): Condition {
  const { protocol, direction, address } = qualifiers
  if (protocol === 'link') throw generation.error('illegal link layer address')
  return hasIpv4Address(generation, word, protocol, direction, address)
}

/** `host 10.1` means all addresses that begin so. */
function ipv4Id(generation: Generation, { text }: IdOf<'ipv4'>, qualifiers: Qualifiers): Condition {
  const { address } = qualifiers
  if (address !== 'default' && address !== 'host' && address !== 'net') {
    throw generation.error(`'${address}' modifier applied to ip host`)
  }
  const { value, bits } = requireIpv4(generation, text)
  return numericAddress(generation, { value: shifted(value, bits), mask: topBits(bits) }, qualifiers)
}

function requireIpv4(generation: Generation, text: string): { readonly value: number; readonly bits: number } {
  const parsed = readIpv4(text)
  if (parsed === undefined) throw generation.error(`invalid IPv4 address '${text}'`)
  return parsed
}

/** `net 10.0.0.0/8`, `net 10.0.0.0 mask 255.0.0.0` */
function ipv4Network(
  generation: Generation,
  id: IdOf<'ipv4-prefix' | 'ipv4-mask'>,
  { protocol, direction, address }: Qualifiers,
): Condition {
  const network = requireIpv4(generation, id.text)
  const value = shifted(network.value, network.bits)
  const mask = maskOf(generation, id)
  if ((value & ~mask) !== 0) {
    const text = id.form === 'ipv4-mask' ? `${id.text} mask ${id.mask}` : `${id.text}/${id.bits}`
    throw generation.error(`non-network bits set in "${text}"`)
  }
  if (address !== 'net') throw generation.error('Mask syntax for networks only')
  return hasIpv4Address(generation, { value, mask }, protocol, direction, address)
}

function maskOf(generation: Generation, id: IdOf<'ipv4-prefix' | 'ipv4-mask'>): number {
  if (id.form === 'ipv4-prefix') {
    if (id.bits > 32) throw generation.error('mask length must be <= 32')
    return topBits(id.bits)
  }
  const mask = requireIpv4(generation, id.mask)
  return shifted(mask.value, mask.bits)
}

function ipv6Id(generation: Generation, { text, bits = 128 }: IdOf<'ipv6'>, qualifiers: Qualifiers): Condition {
  const { protocol, direction, address } = qualifiers
  const values = readIpv6(text)
  if (values === undefined) throw generation.error(`bogus IPv6 address ${text}`)
  if (bits > 128) throw generation.error('mask length must be <= 128')
  const words = values.map((value, index): MaskedWord => {
    return { value, mask: topBits(Math.min(32, Math.max(0, bits - 32 * index))) }
  })
  if (words.some(({ value, mask }) => (value & ~mask) !== 0)) {
    throw generation.error(`non-network bits set in "${text}/${bits}"`)
  }
  if (address !== 'default' && address !== 'host' && address !== 'net') {
    throw generation.error('invalid qualifier against IPv6 address')
  }
  if (address !== 'net' && bits !== 128) throw generation.error('Mask syntax for networks only')
  return hasIpv6Address(generation, words, protocol, direction, address)
}

function macId(generation: Generation, { text }: IdOf<'mac'>, qualifiers: Qualifiers): Condition {
  const { protocol, direction, address } = qualifiers
  if (protocol !== 'link' || (address !== 'host' && address !== 'default')) {
    throw generation.error('ethernet address used in non-ether expression')
  }
  return hasMacAddress(generation, readMac(text), direction)
}

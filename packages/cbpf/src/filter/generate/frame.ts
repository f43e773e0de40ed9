import { Statement } from '../block.ts'
import { and, type Condition, comparison, not, or } from '../condition.ts'
import type { Primitive } from '../language/syntax-tree.ts'
import { ETHER_TYPE } from '../names/ether-types.ts'
import { OP } from '../opcodes.ts'
import type { Protocol } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { hasMacAddress } from './host.ts'
import { carries } from './link-protocol.ts'
import { fieldAtLeast, fieldEquals, fieldGreater, loadField } from './packet-field.ts'

/** Where network headers have the address of the destination. */
const IPV4_DESTINATION_AT = 16
const IPV6_DESTINATION_AT = 24

const BROADCAST_MAC = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]

/** `ether multicast`, `ip multicast` */
export function isMulticast(generation: Generation, protocol: Protocol): Condition {
  if (protocol === 'ip') {
    return and(carries(generation, ETHER_TYPE.ip), fieldAtLeast(generation, ['network', IPV4_DESTINATION_AT, 1], 224))
  }
  if (protocol === 'ip6') {
    return and(carries(generation, ETHER_TYPE.ip6), fieldEquals(generation, ['network', IPV6_DESTINATION_AT, 1], 255))
  }
  const { destination } = generation.link
  if (destination === undefined || (protocol !== 'default' && protocol !== 'link')) {
    throw generation.error(
      'link-layer multicast filters supported only on ethernet/FDDI/token ring/ARCNET/802.11/ATM LANE/Fibre Channel',
    )
  }
  return comparison(OP.JSET_K, 1, loadField(generation, 'link-header', destination, 1))
}

/** `ether broadcast`; `ip broadcast` for a network whose mask is 0, for no network is asked. */
export function isBroadcast(generation: Generation, protocol: Protocol): Condition {
  if (protocol === 'ip') return isIpBroadcast(generation)
  if (protocol !== 'default' && protocol !== 'link') {
    throw generation.error('only link-layer/IP broadcast filters supported')
  }
  if (generation.link.destination === undefined) throw generation.error('not a broadcast link')
  return hasMacAddress(generation, BROADCAST_MAC, 'dst')
}

function isIpBroadcast(generation: Generation): Condition {
  const allZeros = fieldEquals(generation, ['network', IPV4_DESTINATION_AT, 4], 0)
  const allOnes = fieldEquals(generation, ['network', IPV4_DESTINATION_AT, 4], 0xffffffff)
  return and(carries(generation, ETHER_TYPE.ip), or(allZeros, allOnes))
}

/** `less 60`, `greater 128`, both including the number. */
export function hasLength(kind: 'less' | 'greater', bytes: number): Condition {
  const length = [new Statement(OP.LD_W_LEN)]
  return kind === 'less' ? not(comparison(OP.JGT_K, bytes, length)) : comparison(OP.JGE_K, bytes, length)
}

/** `byte 9 = 6`. `&` and `|` use what is in A, and load nothing: libpcap has it so. */
export function hasByte(generation: Generation, node: Primitive & { readonly kind: 'byte' }): Condition {
  const { index, operator, value } = node
  if (operator === '=') return fieldEquals(generation, ['link-header', index, 1], value)
  if (operator === '>') return fieldGreater(generation, ['link-header', index, 1], value)
  if (operator === '<') return not(fieldAtLeast(generation, ['link-header', index, 1], value))
  const code = operator === '&' ? OP.AND_K : OP.OR_K
  return not(comparison(OP.JEQ_K, 0, [new Statement(code, value)]))
}

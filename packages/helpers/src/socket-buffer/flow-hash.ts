/**
 * bpf_get_hash_recalc: a hash of the packet's flow, the same for both directions. Linux keys its hash with random bytes;
 * here the key is constant. Flows are told by addresses, protocol and ports of IPv4 and IPv6.
 *
 * @see __skb_get_hash, __flow_hash_consistentify in net/core/flow_dissector.c (6.12)
 */
import { type Cpu, returnU32 } from '@bpfoundry/engine'
import { SK_BUFF } from '@bpfoundry/kernel-abi'
import { u32Argument } from '../registers.ts'
import { fieldOf, lengthOf, setField, startOf } from './socket-buffer.ts'

const TCP = 6
const UDP = 17
const IP4 = { version: 4, headerBytes: 20, addressBytes: 4, sourceAt: 12, protocolAt: 9 } as const
const IP6 = { version: 6, headerBytes: 40, addressBytes: 16, sourceAt: 8, protocolAt: 6 } as const
/** More fragments, and the offset of this one. */
const FRAGMENTED = 0x3fff

type Bytes = readonly number[]

/** Who sends to whom: the two ends, and the protocol. */
interface Flow {
  readonly ends: readonly [Bytes, Bytes]
  readonly protocol: number
}

function flowOf(cpu: Cpu, skb: number): Flow {
  const { u8, view } = cpu.memory
  const at = fieldOf(cpu, skb, SK_BUFF.networkHeader)
  const end = startOf(cpu, skb) + lengthOf(cpu, skb)
  const version = at < end ? (u8[at] as number) >> 4 : 0
  const ip = version === IP4.version ? IP4 : version === IP6.version ? IP6 : undefined
  if (ip === undefined || at + ip.headerBytes > end) return { ends: [[], []], protocol: 0 }
  const address = (offset: number): Bytes => [...u8.subarray(at + offset, at + offset + ip.addressBytes)]
  const [source, destination] = [address(ip.sourceAt), address(ip.sourceAt + ip.addressBytes)]
  const protocol = u8[at + ip.protocolAt] as number
  const ports = at + (ip === IP4 ? ((u8[at] as number) & 0xf) * 4 : ip.headerBytes)
  const isPart = ip === IP4 && (view.getUint16(at + 6) & FRAGMENTED) !== 0
  if ((protocol !== TCP && protocol !== UDP) || isPart || ports + 4 > end)
    return { ends: [source, destination], protocol }
  const port = (offset: number): Bytes => [...u8.subarray(ports + offset, ports + offset + 2)]
  return {
    ends: [
      [...source, ...port(0)],
      [...destination, ...port(2)],
    ],
    protocol,
  }
}

/** FNV-1a of 32 bits, and a last mixing of all of them. */
function hashOf(bytes: Bytes): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** bpf_get_hash_recalc(skb): the hash that the packet has, or else that of its flow; never 0 then. */
export function getHashRecalc(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const known = fieldOf(cpu, skb, SK_BUFF.hash)
  if (known === 0) {
    const { ends, protocol } = flowOf(cpu, skb)
    const [first, second] = [...ends].sort((a, b) => (String(a) < String(b) ? -1 : 1))
    setField(cpu, skb, SK_BUFF.hash, hashOf([...(first ?? []), ...(second ?? []), protocol]) || 1)
  }
  returnU32(cpu, fieldOf(cpu, skb, SK_BUFF.hash))
}

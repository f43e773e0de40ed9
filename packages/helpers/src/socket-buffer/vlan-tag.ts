/**
 * Helpers that put a VLAN tag onto a packet and take it off. The outermost tag is kept beside the packet; those below it
 * are in the packet.
 *
 * @see skb_vlan_push, skb_vlan_pop in net/core/skbuff.c (6.12)
 */
import { type Cpu, returnErrno } from '@bpfoundry/engine'
import { ERRNO, SK_BUFF } from '@bpfoundry/kernel-abi'
import { u32Argument } from '../registers.ts'
import { fieldOf, lengthOf, makeWritable, moveStart, setField, startOf } from './socket-buffer.ts'

const ADDRESSES_BYTES = 12
const ETHERNET_HEADER_BYTES = 14
const TAG_BYTES = 4
/** Protocols as they stand in a frame, read little-endian. */
const [ETH_P_8021Q, ETH_P_8021AD] = [0x0081, 0xa888]
const [ETH_P_802_3, ETH_P_802_2] = [0x0100, 0x0400]

const isVlan = (protocol: number): boolean => protocol === ETH_P_8021Q || protocol === ETH_P_8021AD
const isTagged = (cpu: Cpu, skb: number): boolean => fieldOf(cpu, skb, SK_BUFF.vlanPresent) !== 0

function setTag(cpu: Cpu, skb: number, protocol: number, tci: number): void {
  setField(cpu, skb, SK_BUFF.vlanPresent, protocol === 0 && tci === 0 ? 0 : 1)
  setField(cpu, skb, SK_BUFF.vlanProto, protocol)
  setField(cpu, skb, SK_BUFF.vlanTci, tci)
}

/** bpf_skb_vlan_push(skb, proto, tci): 0. A protocol that is none of VLAN is 802.1Q. */
export function skbVlanPush(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const protocol = u32Argument(cpu, 2) & 0xffff
  const result = isTagged(cpu, skb) ? insertTag(cpu, skb) : 0
  if (result === 0) setTag(cpu, skb, isVlan(protocol) ? protocol : ETH_P_8021Q, u32Argument(cpu, 3) & 0xffff)
  makeWritable(cpu, skb, 0)
  returnErrno(cpu, result)
}

/** Puts the tag that is kept beside the packet into it. */
function insertTag(cpu: Cpu, skb: number): number {
  const { u8, view } = cpu.memory
  const start = startOf(cpu, skb)
  if (lengthOf(cpu, skb) < ETHERNET_HEADER_BYTES) return -ERRNO.EINVAL
  if (start - TAG_BYTES < fieldOf(cpu, skb, SK_BUFF.roomStart)) return -ERRNO.ENOMEM
  const protocol = fieldOf(cpu, skb, SK_BUFF.vlanProto)
  u8.copyWithin(start - TAG_BYTES, start, start + ADDRESSES_BYTES)
  view.setUint16(start - TAG_BYTES + ADDRESSES_BYTES, protocol, true)
  view.setUint16(start - TAG_BYTES + ETHERNET_HEADER_BYTES, fieldOf(cpu, skb, SK_BUFF.vlanTci))
  moveStart(cpu, skb, -TAG_BYTES)
  setField(cpu, skb, SK_BUFF.macHeader, start - TAG_BYTES)
  setField(cpu, skb, SK_BUFF.networkHeader, fieldOf(cpu, skb, SK_BUFF.networkHeader) - TAG_BYTES)
  setField(cpu, skb, SK_BUFF.protocol, protocol)
  return 0
}

/** bpf_skb_vlan_pop(skb): 0, also where there is no tag; -ENOMEM for a packet without room for one. */
export function skbVlanPop(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const result = popTag(cpu, skb)
  makeWritable(cpu, skb, 0)
  returnErrno(cpu, result)
}

function popTag(cpu: Cpu, skb: number): number {
  const protocol = (): number => fieldOf(cpu, skb, SK_BUFF.protocol)
  if (isTagged(cpu, skb)) setTag(cpu, skb, 0, 0)
  else if (!isVlan(protocol())) return 0
  else if (removeTag(cpu, skb) < 0) return -ERRNO.ENOMEM
  const next = protocol()
  if (!isVlan(next)) return 0
  const tci = removeTag(cpu, skb)
  if (tci < 0) return -ERRNO.ENOMEM
  setTag(cpu, skb, next, tci)
  return 0
}

/** Takes the outermost tag out of the packet. @returns its control information; -1 where the packet is too short */
function removeTag(cpu: Cpu, skb: number): number {
  const { u8, view } = cpu.memory
  const start = startOf(cpu, skb)
  if (lengthOf(cpu, skb) < ETHERNET_HEADER_BYTES + TAG_BYTES) return -1
  const tci = view.getUint16(start + ETHERNET_HEADER_BYTES)
  u8.copyWithin(start + TAG_BYTES, start, start + ADDRESSES_BYTES)
  moveStart(cpu, skb, TAG_BYTES)
  const at = startOf(cpu, skb)
  setField(cpu, skb, SK_BUFF.protocol, protocolAt(cpu, at))
  setField(cpu, skb, SK_BUFF.macHeader, fieldOf(cpu, skb, SK_BUFF.macHeader) + TAG_BYTES)
  const network = Math.max(fieldOf(cpu, skb, SK_BUFF.networkHeader), at + ETHERNET_HEADER_BYTES)
  setField(cpu, skb, SK_BUFF.networkHeader, network)
  return tci
}

/** As the stack tells a received frame's. @see vlan_set_encap_proto in include/linux/if_vlan.h */
function protocolAt(cpu: Cpu, start: number): number {
  const { view } = cpu.memory
  if (view.getUint16(start + ADDRESSES_BYTES) >= 0x600) return view.getUint16(start + ADDRESSES_BYTES, true)
  return view.getUint16(start + ETHERNET_HEADER_BYTES) === 0xffff ? ETH_P_802_3 : ETH_P_802_2
}

/** Helpers that copy bytes of a socket buffer's packet, or set what is known of it. */
import { type Cpu, returnErrno } from '@bpfoundry/engine'
import { ERRNO, SK_BUFF } from '@bpfoundry/kernel-abi'
import { u32Argument, u64Argument } from '../registers.ts'
import { fieldOf, lengthOf, makeWritable, setField, startOf } from './socket-buffer.ts'

const INT_MAX = 0x7fff_ffff
const MOST_RELATIVE_OFFSET = 0xffff
const BPF_HDR_START_MAC = 0
const BPF_HDR_START_NET = 1
const BPF_F_RECOMPUTE_CSUM = 1
const BPF_F_INVALIDATE_HASH = 2
/** PACKET_HOST, _BROADCAST, _MULTICAST, _OTHERHOST: the types that a program may choose. */
const MOST_PACKET_TYPE = 3

function copyOrClear(cpu: Cpu, from: number | undefined, to: number, bytes: number): void {
  if (from === undefined) cpu.memory.u8.fill(0, to, to + bytes)
  else cpu.memory.u8.copyWithin(to, from, from + bytes)
  returnErrno(cpu, from === undefined ? -ERRNO.EFAULT : 0)
}

/** bpf_skb_load_bytes(skb, offset, to, len): 0, or -EFAULT and zeros. */
export function skbLoadBytes(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const offset = u32Argument(cpu, 2)
  const bytes = u32Argument(cpu, 4)
  const inside = offset <= INT_MAX && offset + bytes <= lengthOf(cpu, skb)
  copyOrClear(cpu, inside ? startOf(cpu, skb) + offset : undefined, u32Argument(cpu, 3), bytes)
}

/** bpf_skb_load_bytes_relative(skb, offset, to, len, start_header): from the link layer's or the network's header. */
export function skbLoadBytesRelative(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const offset = u32Argument(cpu, 2)
  const bytes = u32Argument(cpu, 4)
  const header = headerAt(cpu, skb, u32Argument(cpu, 5))
  const end = startOf(cpu, skb) + lengthOf(cpu, skb)
  const inside = header !== undefined && offset <= MOST_RELATIVE_OFFSET && header + offset + bytes <= end
  copyOrClear(cpu, inside ? header + offset : undefined, u32Argument(cpu, 3), bytes)
}

function headerAt(cpu: Cpu, skb: number, kind: number): number | undefined {
  if (kind === BPF_HDR_START_MAC) return fieldOf(cpu, skb, SK_BUFF.macHeader)
  return kind === BPF_HDR_START_NET ? fieldOf(cpu, skb, SK_BUFF.networkHeader) : undefined
}

/**
 * bpf_skb_store_bytes(skb, offset, from, len, flags): 0, -EINVAL for unknown flags, -EFAULT past the end. No checksum of
 * the whole packet is kept here that would have to be recomputed.
 */
export function skbStoreBytes(cpu: Cpu): void {
  returnErrno(cpu, storeBytes(cpu))
}

function storeBytes(cpu: Cpu): number {
  const skb = u32Argument(cpu, 1)
  const offset = u32Argument(cpu, 2)
  const from = u32Argument(cpu, 3)
  const bytes = u32Argument(cpu, 4)
  const flags = u64Argument(cpu, 5)
  if (flags > (BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH)) return -ERRNO.EINVAL
  if (offset > INT_MAX || !makeWritable(cpu, skb, offset + bytes)) return -ERRNO.EFAULT
  cpu.memory.u8.copyWithin(startOf(cpu, skb) + offset, from, from + bytes)
  if ((flags & BPF_F_INVALIDATE_HASH) !== 0) setField(cpu, skb, SK_BUFF.hash, 0)
  return 0
}

/** bpf_skb_pull_data(skb, len): 0, or -ENOMEM past the end; the packet is linear already. */
export function skbPullData(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const bytes = u32Argument(cpu, 2)
  returnErrno(cpu, makeWritable(cpu, skb, bytes) ? 0 : -ERRNO.ENOMEM)
}

/** bpf_skb_change_type(skb, type): 0, or -EINVAL for a type that is not for programs. */
export function skbChangeType(cpu: Cpu): void {
  const skb = u32Argument(cpu, 1)
  const type = u32Argument(cpu, 2)
  const allowed = type <= MOST_PACKET_TYPE && fieldOf(cpu, skb, SK_BUFF.pktType) <= MOST_PACKET_TYPE
  if (allowed) setField(cpu, skb, SK_BUFF.pktType, type)
  returnErrno(cpu, allowed ? 0 : -ERRNO.EINVAL)
}

/** bpf_set_hash_invalid(skb) */
export function setHashInvalid(cpu: Cpu): void {
  setField(cpu, u32Argument(cpu, 1), SK_BUFF.hash, 0)
  returnErrno(cpu, 0)
}

/** bpf_set_hash(skb, hash) */
export function setHash(cpu: Cpu): void {
  setField(cpu, u32Argument(cpu, 1), SK_BUFF.hash, u32Argument(cpu, 2))
  returnErrno(cpu, 0)
}

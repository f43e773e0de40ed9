/** Helpers that move the edges of an XDP frame or copy its bytes. The context is struct xdp_buff in guest memory. */
import { type Cpu, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { i32Argument, u32Argument } from './registers.ts'
import { adjustFragsTail, eachPiece, hasFrags, packetBytes } from './xdp-frags.ts'

/** ETH_HLEN: a frame never becomes shorter. */
export const SHORTEST_BYTES = 14
/** sizeof(struct xdp_frame): kept free at the start of the frame for when it is redirected. */
export const XDP_FRAME_BYTES = 40
/** Room for struct skb_shared_info at the end of the frame, in cache lines (x86-64, 17 fragments). */
export const SHARED_INFO_BYTES = 320
/** meta_len of skb_shared_info is a u8. */
export const LONGEST_META_BYTES = 255
/** bpf_xdp_pointer refuses offsets and lengths over this. */
const LARGEST_OFFSET = 0xffff

const DATA = XDP_BUFF.data >>> 2
const DATA_END = XDP_BUFF.dataEnd >>> 2
const DATA_META = XDP_BUFF.dataMeta >>> 2
const HARD_START = XDP_BUFF.dataHardStart >>> 2
const FRAME_SIZE = XDP_BUFF.frameSize >>> 2

/** bpf_xdp_adjust_head(ctx, delta): 0 or -EINVAL. Metadata in front of the packet moves along. */
export function xdpAdjustHead(cpu: Cpu): void {
  const { u8, u32 } = cpu.memory
  const at = u32Argument(cpu, 1) >>> 2
  const delta = i32Argument(cpu, 2)
  const oldData = u32[at + DATA] as number
  const meta = u32[at + DATA_META] as number
  const metaBytes = meta > oldData ? 0 : oldData - meta
  const data = oldData + delta
  const least = (u32[at + HARD_START] as number) + XDP_FRAME_BYTES + metaBytes
  if (data < least || data > (u32[at + DATA_END] as number) - SHORTEST_BYTES) {
    returnErrno(cpu, -ERRNO.EINVAL)
    return
  }
  if (metaBytes > 0) u8.copyWithin(meta + delta, meta, meta + metaBytes)
  u32[at + DATA_META] = meta + delta
  u32[at + DATA] = data
  returnErrno(cpu, 0)
}

/** bpf_xdp_adjust_tail(ctx, delta): 0 or -EINVAL, with frags also -EOPNOTSUPP. What the packet gains is zero. */
export function xdpAdjustTail(cpu: Cpu): void {
  const { u8, u32 } = cpu.memory
  const at = u32Argument(cpu, 1) >>> 2
  const delta = i32Argument(cpu, 2)
  if (hasFrags(cpu.memory, at)) {
    returnErrno(cpu, adjustFragsTail(cpu.memory, at, delta))
    return
  }
  const oldEnd = u32[at + DATA_END] as number
  const end = oldEnd + delta
  const most = (u32[at + HARD_START] as number) + (u32[at + FRAME_SIZE] as number) - SHARED_INFO_BYTES
  if (end > most || end < (u32[at + DATA] as number) + SHORTEST_BYTES) {
    returnErrno(cpu, -ERRNO.EINVAL)
    return
  }
  if (delta > 0) u8.fill(0, oldEnd, end)
  u32[at + DATA_END] = end
  returnErrno(cpu, 0)
}

/** bpf_xdp_adjust_meta(ctx, delta): 0, -ENOTSUPP (the driver has no metadata), -EINVAL or -EACCES (length). */
export function xdpAdjustMeta(cpu: Cpu): void {
  const { u32 } = cpu.memory
  const at = u32Argument(cpu, 1) >>> 2
  const data = u32[at + DATA] as number
  const oldMeta = u32[at + DATA_META] as number
  const meta = oldMeta + i32Argument(cpu, 2)
  const result = checkMeta(oldMeta, meta, data, (u32[at + HARD_START] as number) + XDP_FRAME_BYTES)
  if (result === 0) u32[at + DATA_META] = meta
  returnErrno(cpu, result)
}

function checkMeta(oldMeta: number, meta: number, data: number, least: number): number {
  if (oldMeta > data) return -ERRNO.ENOTSUPP
  if (meta < least || meta > data) return -ERRNO.EINVAL
  const metaBytes = data - meta
  return metaBytes % 4 !== 0 || metaBytes > LONGEST_META_BYTES ? -ERRNO.EACCES : 0
}

/** bpf_xdp_get_buff_len(ctx): bytes of the packet, its frags counted in. */
export function xdpGetBuffLen(cpu: Cpu): void {
  returnU32(cpu, packetBytes(cpu.memory, u32Argument(cpu, 1) >>> 2))
}

/** bpf_xdp_load_bytes(ctx, offset, buf, len): 0, -EFAULT (offset or length over 64 KiB) or -EINVAL (past the end). */
export function xdpLoadBytes(cpu: Cpu): void {
  const { u8 } = cpu.memory
  const buffer = u32Argument(cpu, 3)
  copyBytes(cpu, (packet, done, length) => u8.copyWithin(buffer + done, packet, packet + length))
}

/** bpf_xdp_store_bytes(ctx, offset, buf, len): 0, -EFAULT or -EINVAL, as {@link xdpLoadBytes}. */
export function xdpStoreBytes(cpu: Cpu): void {
  const { u8 } = cpu.memory
  const buffer = u32Argument(cpu, 3)
  copyBytes(cpu, (packet, done, length) => u8.copyWithin(packet, buffer + done, buffer + done + length))
}

/** r2 = offset in the packet of context r1, where r4 bytes follow: each piece of them, and the result in r0. */
function copyBytes(cpu: Cpu, each: (packet: number, done: number, length: number) => void): void {
  const at = u32Argument(cpu, 1) >>> 2
  const offset = u32Argument(cpu, 2)
  const lengthBytes = u32Argument(cpu, 4)
  if (offset > LARGEST_OFFSET || lengthBytes > LARGEST_OFFSET) {
    returnErrno(cpu, -ERRNO.EFAULT)
  } else if (offset + lengthBytes > packetBytes(cpu.memory, at)) {
    returnErrno(cpu, -ERRNO.EINVAL)
  } else {
    eachPiece(cpu.memory, at, offset, lengthBytes, each)
    returnErrno(cpu, 0)
  }
}

/** Helpers that give a packet room at its ends, or take it. */
import { type Cpu, returnErrno } from '@bpfoundry/engine'
import { ERRNO, SK_BUFF } from '@bpfoundry/kernel-abi'
import { u32Argument, u64Argument } from '../registers.ts'
import { fieldOf, lengthOf, makeWritable, moveStart, setField, startOf } from './socket-buffer.ts'

/** SKB_MAX_ALLOC: four pages without struct skb_shared_info. */
const MOST_BYTES = 4 * 4096 - 320

/** bpf_skb_change_tail(skb, len, flags): 0, -EINVAL for a length that cuts into the network's header or is too large. */
export function skbChangeTail(cpu: Cpu): void {
  returnErrno(cpu, changeTail(cpu, u32Argument(cpu, 1), u32Argument(cpu, 2)))
}

function changeTail(cpu: Cpu, skb: number, bytes: number): number {
  const start = startOf(cpu, skb)
  const before = lengthOf(cpu, skb)
  const least = Math.max(0, fieldOf(cpu, skb, SK_BUFF.networkHeader) - start)
  const refused = u64Argument(cpu, 3) !== 0 || bytes > MOST_BYTES || bytes < least
  const noRoom = start + bytes > fieldOf(cpu, skb, SK_BUFF.roomEnd)
  if (!refused && !noRoom) {
    if (bytes > before) cpu.memory.u8.fill(0, start + before, start + bytes)
    setField(cpu, skb, SK_BUFF.len, bytes)
    resetSegments(cpu, skb)
  }
  // Wherever it leaves the packet, that is said anew.
  makeWritable(cpu, skb, 0)
  if (refused) return -ERRNO.EINVAL
  return noRoom ? -ERRNO.ENOMEM : 0
}

function resetSegments(cpu: Cpu, skb: number): void {
  if (fieldOf(cpu, skb, SK_BUFF.gsoSize) === 0) return
  setField(cpu, skb, SK_BUFF.gsoSize, 0)
  setField(cpu, skb, SK_BUFF.gsoSegs, 0)
}

/** bpf_skb_change_head(skb, len, flags): zeros in front, which become the link layer's header: 0 or -EINVAL. */
export function skbChangeHead(cpu: Cpu): void {
  returnErrno(cpu, changeHead(cpu, u32Argument(cpu, 1), u32Argument(cpu, 2)))
}

function changeHead(cpu: Cpu, skb: number, bytes: number): number {
  const start = startOf(cpu, skb)
  const length = lengthOf(cpu, skb) + bytes
  const segmented = fieldOf(cpu, skb, SK_BUFF.gsoSize) !== 0
  // The sum is of 32 bits: it may begin again at 0.
  const refused = u64Argument(cpu, 3) !== 0 || (!segmented && length > MOST_BYTES) || length > 0xffff_ffff
  const noRoom = start - bytes < fieldOf(cpu, skb, SK_BUFF.roomStart)
  if (!refused && !noRoom) {
    cpu.memory.u8.fill(0, start - bytes, start)
    moveStart(cpu, skb, -bytes)
    setField(cpu, skb, SK_BUFF.macHeader, start - bytes)
  }
  makeWritable(cpu, skb, 0)
  if (refused) return -ERRNO.EINVAL
  return noRoom ? -ERRNO.ENOMEM : 0
}

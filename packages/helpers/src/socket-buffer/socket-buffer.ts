/** A socket buffer in guest memory: one linear packet. */
import type { Cpu } from '@bpfoundry/engine'
import { SK_BUFF } from '@bpfoundry/kernel-abi'

const START = SK_BUFF.start >>> 2
const LEN = SK_BUFF.len >>> 2
const DATA = SK_BUFF.data >>> 2
const DATA_END = SK_BUFF.dataEnd >>> 2
const DATA_META = SK_BUFF.dataMeta >>> 2

/** Address of the first byte: of the link layer's header for classifiers, of the network's for others. */
export const startOf = (cpu: Cpu, skb: number): number => cpu.memory.u32[(skb >>> 2) + START] as number

/** Bytes from there on. */
export const lengthOf = (cpu: Cpu, skb: number): number => cpu.memory.u32[(skb >>> 2) + LEN] as number

export const fieldOf = (cpu: Cpu, skb: number, offsetBytes: number): number =>
  cpu.memory.u32[(skb + offsetBytes) >>> 2] as number

export function setField(cpu: Cpu, skb: number, offsetBytes: number, value: number): void {
  cpu.memory.u32[(skb + offsetBytes) >>> 2] = value
}

/**
 * Whether the first `bytes` bytes are there to be written. Says anew where the packet lies, as every helper does that may
 * move it.
 *
 * @see bpf_try_make_writable in net/core/filter.c (6.12)
 */
export function makeWritable(cpu: Cpu, skb: number, bytes: number): boolean {
  const { u32 } = cpu.memory
  const at = skb >>> 2
  const start = startOf(cpu, skb)
  u32[at + DATA] = start
  u32[at + DATA_META] = start
  u32[at + DATA_END] = start + lengthOf(cpu, skb)
  return bytes <= lengthOf(cpu, skb)
}

/** Makes the packet begin `bytes` later, or earlier; it ends where it did. */
export function moveStart(cpu: Cpu, skb: number, bytes: number): void {
  setField(cpu, skb, SK_BUFF.start, startOf(cpu, skb) + bytes)
  setField(cpu, skb, SK_BUFF.len, lengthOf(cpu, skb) - bytes)
}

/**
 * A dynptr: on the program's stack {u64 data, u32 size and kind, u32 offset}, as the kernel has it.
 *
 * @see struct bpf_dynptr_kern in include/linux/bpf.h (6.12)
 */
import type { Cpu } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'

/** enum bpf_dynptr_type: what `data` is the address of. */
export const DYNPTR_KIND = { local: 1, ringbuf: 2, skb: 3, xdp: 4 } as const

const SIZE = 8
const OFFSET = 12
const KIND_SHIFT = 28
const KIND_MASK = 7
const SIZE_MASK = 0xff_ffff
const READ_ONLY = 0x8000_0000
/** DYNPTR_MAX_SIZE */
export const LARGEST_DYNPTR_BYTES: number = SIZE_MASK
const DYNPTR_BYTES = 16

/** One of a program's, read. */
export interface Dynptr {
  /** Of memory, of a record's bytes, or of the context; 0 for a dynptr that is null. */
  readonly data: number
  readonly kind: number
  readonly isReadOnly: boolean
  readonly sizeBytes: number
  /** From `data` on. */
  readonly offsetBytes: number
}

export function readDynptr({ memory: { view } }: Cpu, at: number): Dynptr {
  const word = view.getUint32(at + SIZE, true)
  return {
    data: view.getUint32(at, true),
    kind: (word >>> KIND_SHIFT) & KIND_MASK,
    isReadOnly: word >= READ_ONLY,
    sizeBytes: word & SIZE_MASK,
    offsetBytes: view.getUint32(at + OFFSET, true),
  }
}

export function writeDynptr({ memory: { view } }: Cpu, at: number, dynptr: Dynptr): void {
  const { data, kind, isReadOnly, sizeBytes, offsetBytes } = dynptr
  view.setBigUint64(at, BigInt(data), true)
  view.setUint32(at + SIZE, (sizeBytes | (kind << KIND_SHIFT) | (isReadOnly ? READ_ONLY : 0)) >>> 0, true)
  view.setUint32(at + OFFSET, offsetBytes, true)
}

export function writeNullDynptr({ memory: { u8 } }: Cpu, at: number): void {
  u8.fill(0, at, at + DYNPTR_BYTES)
}

/** 0, or -E2BIG where so many bytes from there on are not all within it. */
export function checkRange({ sizeBytes }: Dynptr, offset: number, length: number): number {
  return length > sizeBytes || offset > sizeBytes - length ? -ERRNO.E2BIG : 0
}

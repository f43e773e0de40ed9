/**
 * Eight bytes of a stack frame. Immutable: states share them.
 *
 * Each byte has a kind, four bits in one int32: byte i (address `slot base + i`) in bits 4i. A register spilled with its
 * whole state fills the slot from byte 0 on with SPILL; a narrower spill leaves what is above. On a little-endian
 * machine the low bytes of the register come first, so byte 0 belongs to every spill.
 */
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import type { RegisterState } from './register-state.ts'

/** Never written. Privileged programs may read it: an unknown number. */
export const BYTE_INVALID = 0
/** Part of the spilled register. */
export const BYTE_SPILL = 1
/** Some number. */
export const BYTE_MISC = 2
/** 0. */
export const BYTE_ZERO = 3
/** Half of a dynptr, which only helpers may look at. */
export const BYTE_DYNPTR = 4
/** Part of an iterator, which only functions of the kernel may look at. */
export const BYTE_ITERATOR = 5

/** Memory that helpers reach through a dynptr: of a map's value, reserved in a ring buffer, or a packet's. */
export type DynptrKind = 'local' | 'ringbuf' | 'skb' | 'xdp'

/** A `struct bpf_dynptr` lies in two slots, which are told apart. */
export interface Dynptr {
  readonly kind: DynptrKind
  readonly id: number
  /** Of a ring buffer: what is to be submitted or discarded; 0 for others. */
  readonly referenceId: number
  /** This is the half at the lower address. */
  readonly isFirst: boolean
}

/** A `struct bpf_iter_...` takes one slot or more. */
export interface Iterator {
  readonly struct: KernelStruct
  /** What ends with its destruction; 0 but in its first slot, the lowest. */
  readonly referenceId: number
  /** It gave NULL, and will do so for ever. */
  readonly isDrained: boolean
  /** Elements that it gave on the way here. */
  readonly depth: number
  /** What it goes through is protected by RCU; 'lost' once that section has ended. */
  readonly protection: 'none' | 'rcu' | 'lost'
}

export const SLOT_BYTES = 8

const REPEAT = 0x11111111

export class StackSlot {
  /** Kinds of the eight bytes, four bits each. */
  readonly bytes: number
  /** The register whose low bytes are the SPILL bytes; undefined when there are none. */
  readonly spilled: RegisterState | undefined
  /** The dynptr that all bytes belong to. */
  readonly dynptr: Dynptr | undefined
  /** The iterator that all bytes belong to. */
  readonly iterator: Iterator | undefined

  constructor(
    bytes: number,
    spilled: RegisterState | undefined,
    dynptr: Dynptr | undefined = undefined,
    iterator: Iterator | undefined = undefined,
  ) {
    this.bytes = bytes | 0
    this.spilled = spilled
    this.dynptr = dynptr
    this.iterator = iterator
  }
}

export const EMPTY_SLOT: StackSlot = new StackSlot(0, undefined)

/** Kind of byte 0..7. */
export function byteKind(slot: StackSlot, index: number): number {
  return (slot.bytes >>> (4 * index)) & 0xf
}

/** All eight bytes of one kind. */
export function uniformBytes(kind: number): number {
  return Math.imul(kind, REPEAT)
}

/** `bytes` with bytes `from` up to, not including, `to` replaced by `kind`. */
export function withBytes(bytes: number, from: number, to: number, kind: number): number {
  const count = to - from
  const mask = count === SLOT_BYTES ? -1 : ((1 << (4 * count)) - 1) << (4 * from)
  return (bytes & ~mask) | (uniformBytes(kind) & mask)
}

/** The slot holds (at least the low byte of) a spilled register. */
export function isSpill(slot: StackSlot): boolean {
  return (slot.bytes & 0xf) === BYTE_SPILL
}

/** Number of bytes of the spilled register that the slot still holds, counted from byte 0. */
export function spillBytes(slot: StackSlot): number {
  let count = 0
  while (count < SLOT_BYTES && byteKind(slot, count) === BYTE_SPILL) count++
  return count
}

/** A slot whose spilled register is forgotten: SPILL bytes become MISC, the others stay. */
export function scrubbed(slot: StackSlot): StackSlot {
  if (!isSpill(slot)) return slot
  let bytes = slot.bytes
  for (let index = 0; index < SLOT_BYTES; index++) {
    if (byteKind(slot, index) === BYTE_SPILL) bytes = withBytes(bytes, index, index + 1, BYTE_MISC)
  }
  return new StackSlot(bytes, undefined)
}

/** A slot with one byte's kind changed. */
export function withByte(slot: StackSlot, index: number, kind: number): StackSlot {
  return new StackSlot(withBytes(slot.bytes, index, index + 1, kind), slot.spilled)
}

import { ExecutionFault, type FaultCode } from '@bpfoundry/engine'
import { type GuestMemory, NULL_PAGE_BYTES } from '@bpfoundry/guest-memory'
import type { Registers, Slot } from './registers.ts'

/** Why an access is against the rules. */
export interface BrokenRule {
  readonly code: 'FAULT_OUT_OF_BOUNDS' | 'FAULT_READ_ONLY'
  /** What would have been allowed. */
  readonly expected: string
}

/** Where a probing load finds zeros when its address is not mapped: the null page, which nothing writes. */
const ZEROS = 0

const words64 = new BigInt64Array(1)
const words32 = new Int32Array(words64.buffer)

/**
 * Checked access to guest memory. Addresses come as (lo, hi) of the base register plus a 16-bit offset and leave as an
 * int32 whose bits are the guest address; `>>>` makes it an index.
 */
export abstract class MemoryAccess {
  readonly memory: GuestMemory
  u8!: Uint8Array
  u16!: Uint16Array
  i32!: Int32Array
  i64!: BigInt64Array
  view!: DataView
  /** Bytes above the null page; 0 where every access must be looked at, which sends each the long way. */
  #room = 0
  readonly #examineAll: boolean

  constructor(memory: GuestMemory, examineAll: boolean) {
    this.memory = memory
    this.#examineAll = examineAll
    this.refresh()
  }

  /** A say in every access within memory, when `examineAll` asked for it; undefined allows. */
  protected abstract judge(address: number, sizeBytes: number, write: boolean): BrokenRule | undefined

  /** Takes over the memory's present length. Old views stay good for what they cover, so this is only due on a miss. */
  refresh(): void {
    this.memory.refresh()
    this.u8 = this.memory.u8
    this.u16 = this.memory.u16
    this.i32 = this.memory.i32
    this.view = this.memory.view
    this.i64 = new BigInt64Array(this.memory.view.buffer)
    this.#room = this.#examineAll ? 0 : this.memory.byteLength - NULL_PAGE_BYTES
  }

  /** The address (lo, hi) + off, when `sizeBytes` can be read there. @throws ExecutionFault by access rules */
  from(lo: number, hi: number, off: number, sizeBytes: number): number {
    const at = (lo + off) | 0
    // Modulo 2^32, an address in the null page or below lands above every possible room. With hi set, no 16-bit offset
    // can lead back into the first 4 GiB less one page.
    if (hi !== 0 || (at - NULL_PAGE_BYTES) >>> 0 > this.#room - sizeBytes) this.#examine(lo, hi, off, sizeBytes, false)
    return at
  }

  /** The address (lo, hi) + off, when `sizeBytes` can be written there. @throws ExecutionFault by access rules */
  to(lo: number, hi: number, off: number, sizeBytes: number): number {
    const at = (lo + off) | 0
    if (hi !== 0 || (at - NULL_PAGE_BYTES) >>> 0 > this.#room - sizeBytes) this.#examine(lo, hi, off, sizeBytes, true)
    return at
  }

  /** As {@link from}, but where the access would fault it finds zeros, as the kernel's exception tables make it. */
  probe(lo: number, hi: number, off: number, sizeBytes: number): number {
    try {
      return this.from(lo, hi, off, sizeBytes)
    } catch (error) {
      if (error instanceof ExecutionFault) return ZEROS
      throw error
    }
  }

  /** As {@link from}, for an atomic load. @throws ExecutionFault FAULT_MISALIGNED_ATOMIC */
  alignedFrom(lo: number, hi: number, off: number, sizeBytes: number): number {
    const at = this.from(lo, hi, off, sizeBytes)
    if ((at & (sizeBytes - 1)) !== 0) this.#misaligned(at, sizeBytes)
    return at
  }

  /** As {@link to}, for an atomic store or read-modify-write. @throws ExecutionFault FAULT_MISALIGNED_ATOMIC */
  alignedTo(lo: number, hi: number, off: number, sizeBytes: number): number {
    const at = this.to(lo, hi, off, sizeBytes)
    if ((at & (sizeBytes - 1)) !== 0) this.#misaligned(at, sizeBytes)
    return at
  }

  /** Index in `i32` of the word that an atomic works on. */
  word(lo: number, hi: number, off: number): number {
    return this.alignedTo(lo, hi, off, 4) >>> 2
  }

  /** Index in `i64` of the double word that an atomic works on. */
  pair(lo: number, hi: number, off: number): number {
    return this.alignedTo(lo, hi, off, 8) >>> 3
  }

  #misaligned(at: number, sizeBytes: number): never {
    throw new ExecutionFault({
      code: 'FAULT_MISALIGNED_ATOMIC',
      message: `atomic access of ${sizeBytes} bytes is not aligned`,
      got: `0x${(at >>> 0).toString(16)}`,
      expected: `a multiple of ${sizeBytes}`,
    })
  }

  /** What the quick check could not pass: past the views that are known, or to be judged, or wrong. */
  #examine(lo: number, hi: number, off: number, sizeBytes: number, write: boolean): void {
    const address = (hi >>> 0) * 2 ** 32 + (lo >>> 0) + off
    if (address >= 0 && address < NULL_PAGE_BYTES) throw refusal('FAULT_NULL_POINTER', lo, hi, off, sizeBytes, write)
    // Ours, not the memory's, for whoever made it grow took new views there.
    if (address + sizeBytes > this.u8.length) this.refresh()
    if (address < 0 || address + sizeBytes > this.u8.length) {
      throw refusal('FAULT_OUT_OF_BOUNDS', lo, hi, off, sizeBytes, write)
    }
    if (!this.#examineAll) return
    const broken = this.judge(address, sizeBytes, write)
    if (broken !== undefined) throw refusal(broken.code, lo, hi, off, sizeBytes, write, broken.expected)
  }

  load8(at: number): number {
    return this.u8[at >>> 0] as number
  }

  load8Signed(at: number): number {
    return (this.load8(at) << 24) >> 24
  }

  load16(at: number): number {
    return (at & 1) === 0 ? (this.u16[at >>> 1] as number) : this.view.getUint16(at >>> 0, true)
  }

  load16Signed(at: number): number {
    return (this.load16(at) << 16) >> 16
  }

  load32(at: number): number {
    return (at & 3) === 0 ? (this.i32[at >>> 2] as number) : this.view.getInt32(at >>> 0, true)
  }

  load64(r: Registers, d: Slot, dh: Slot, at: number): void {
    r[d] = this.load32(at)
    r[dh] = this.load32((at + 4) | 0)
  }

  store8(at: number, value: number): void {
    this.u8[at >>> 0] = value
  }

  store16(at: number, value: number): void {
    if ((at & 1) === 0) this.u16[at >>> 1] = value
    else this.view.setUint16(at >>> 0, value, true)
  }

  store32(at: number, value: number): void {
    if ((at & 3) === 0) this.i32[at >>> 2] = value
    else this.view.setInt32(at >>> 0, value, true)
  }

  store64(at: number, lo: number, hi: number): void {
    this.store32(at, lo)
    this.store32((at + 4) | 0, hi)
  }

  /** (lo, hi) as a BigInt, for 64-bit Atomics. */
  take64(lo: number, hi: number): bigint {
    words32[0] = lo
    words32[1] = hi
    return words64[0] as bigint
  }

  /** r[d] = what 64-bit Atomics answered. */
  give64(r: Registers, d: Slot, dh: Slot, value: bigint): void {
    words64[0] = value
    r[d] = words32[0] as number
    r[dh] = words32[1] as number
  }
}

const WORDS: Partial<Record<FaultCode, string>> = {
  FAULT_NULL_POINTER: 'in the NULL page',
  FAULT_OUT_OF_BOUNDS: 'out of bounds',
  FAULT_READ_ONLY: 'of read-only memory',
}

function refusal(
  code: FaultCode,
  lo: number,
  hi: number,
  off: number,
  sizeBytes: number,
  write: boolean,
  expected?: string,
): ExecutionFault {
  const base = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)
  return new ExecutionFault({
    code,
    message: `${write ? 'store' : 'load'} of ${sizeBytes} bytes ${WORDS[code]}`,
    got: `0x${BigInt.asUintN(64, base + BigInt(off)).toString(16)}`,
    ...(expected === undefined ? {} : { expected }),
  })
}

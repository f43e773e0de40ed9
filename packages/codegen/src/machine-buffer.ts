import { CodegenError } from './codegen-error.ts'

/** A place in the code that is not known yet when something refers to it. Made by {@link MachineBuffer.newLabel}. */
export type Label = number

/**
 * Writes the distance to a label into the code: one function an encoding that holds one (rel8, rel32, imm26 ...), of the
 * back end.
 *
 * @param buffer where to patch, by its `read` and `patch` methods
 * @param at offset that was given with the fix-up, as a rule that of the field or of its instruction
 * @param target offset of the label
 * @throws CodegenError CODEGEN_RANGE when the distance does not fit, by {@link requireRange}
 */
export type Patch = (buffer: MachineBuffer, at: number, target: number) => void

const UNBOUND = -1

/**
 * Code in the making: a byte buffer that grows, labels, and fix-up records that are worked off at the end. All numbers
 * are little-endian, as the code of both machines is. Nothing is allocated per instruction; `reset` lets one buffer
 * serve program after program.
 */
export class MachineBuffer {
  #bytes: Uint8Array
  #offset = 0
  /** Offset by label. */
  #labels: number[] = []
  /** Fix-up records, column by column. */
  #patches: Patch[] = []
  #places: number[] = []
  #targets: Label[] = []

  /** @param capacityBytes what it begins with; it doubles when that is used up */
  constructor(capacityBytes = 4096) {
    this.#bytes = new Uint8Array(Math.max(capacityBytes, 16))
  }

  /** Bytes written so far: where the next one goes. */
  get offset(): number {
    return this.#offset
  }

  /** Forgets code, labels and fix-ups, keeps the memory. */
  reset(): void {
    this.#offset = 0
    this.#labels.length = 0
    this.#forgetFixUps()
  }

  u8(value: number): void {
    if (this.#offset === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#offset++] = value
  }

  u16(value: number): void {
    const at = this.#take(2)
    this.#bytes[at] = value
    this.#bytes[at + 1] = value >> 8
  }

  /** A number of 32 bits, signed or unsigned; more are cut off. */
  u32(value: number): void {
    const at = this.#take(4)
    this.#store32(at, value)
  }

  /** A signed number of 32 bits: {@link u32} under the name that manuals use. */
  i32(value: number): void {
    this.u32(value)
  }

  /** A number of 64 bits in its halves. */
  u64(low: number, high: number): void {
    const at = this.#take(8)
    this.#store32(at, low)
    this.#store32(at + 4, high)
  }

  bytes(values: ArrayLike<number>): void {
    const at = this.#take(values.length)
    this.#bytes.set(values, at)
  }

  /** Fills up to the next multiple of `alignment`, a power of two, with `fill`. */
  align(alignment: number, fill = 0): void {
    while ((this.#offset & (alignment - 1)) !== 0) this.u8(fill)
  }

  readU8(at: number): number {
    return this.#bytes[this.#written(at, 1)] as number
  }

  readU32(at: number): number {
    this.#written(at, 4)
    const bytes = this.#bytes
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  }

  patchU8(at: number, value: number): void {
    this.#bytes[this.#written(at, 1)] = value
  }

  patchU32(at: number, value: number): void {
    this.#store32(this.#written(at, 4), value)
  }

  newLabel(): Label {
    this.#labels.push(UNBOUND)
    return this.#labels.length - 1
  }

  /** `count` labels with numbers one after the other, the first of which is given back: one a slot or block. */
  newLabels(count: number): Label {
    const first = this.#labels.length
    for (let n = 0; n < count; n++) this.#labels.push(UNBOUND)
    return first
  }

  /** Puts a label here, or at `offset`. @throws CodegenError CODEGEN_LABEL when it is somewhere already, or none */
  bind(label: Label, offset: number = this.#offset): void {
    if (this.#labels[label] !== UNBOUND) throw badLabel('label is bound already, or none', label)
    this.#labels[label] = offset
  }

  isBound(label: Label): boolean {
    return this.offsetOf(label) !== undefined
  }

  /** Where a label is, undefined while it is nowhere: a back end takes the short form of a jump backwards by it. */
  offsetOf(label: Label): number | undefined {
    const offset = this.#labels[label]
    return offset === UNBOUND ? undefined : offset
  }

  /** Notes that `patch` has to write the distance to `label` at `at`. */
  fixUp(label: Label, patch: Patch, at: number = this.#offset): void {
    this.#patches.push(patch)
    this.#places.push(at)
    this.#targets.push(label)
  }

  /**
   * Works off the fix-ups and gives a copy of the code.
   *
   * @throws CodegenError CODEGEN_LABEL when a label that is used was never bound; what patches throw
   */
  finish(): Uint8Array {
    for (let n = 0; n < this.#patches.length; n++) {
      const target = this.offsetOf(this.#targets[n] as Label)
      if (target === undefined) throw badLabel('label is used but never bound', this.#targets[n] as Label)
      this.#patches[n]!(this, this.#places[n] as number, target)
    }
    this.#forgetFixUps()
    return this.#bytes.slice(0, this.#offset)
  }

  #forgetFixUps(): void {
    this.#patches.length = 0
    this.#places.length = 0
    this.#targets.length = 0
  }

  /** Room for `count` bytes, whose first offset it gives. */
  #take(count: number): number {
    const at = this.#offset
    if (at + count > this.#bytes.length) this.#grow(count)
    this.#offset = at + count
    return at
  }

  #grow(count: number): void {
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#offset + count))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }

  #store32(at: number, value: number): void {
    const bytes = this.#bytes
    bytes[at] = value
    bytes[at + 1] = value >> 8
    bytes[at + 2] = value >> 16
    bytes[at + 3] = value >> 24
  }

  #written(at: number, count: number): number {
    if (at < 0 || at + count > this.#offset) throw new RangeError(`offset ${at} is not written yet`)
    return at
  }
}

function badLabel(message: string, label: Label): CodegenError {
  return new CodegenError({ code: 'CODEGEN_LABEL', message, got: `label ${label}` })
}

/**
 * `value` when it fits a signed field of `bits` bits: for patches.
 *
 * @param at offset of the field, for the error
 * @throws CodegenError CODEGEN_RANGE
 */
export function requireRange(value: number, bits: number, at: number): number {
  const limit = 2 ** (bits - 1)
  if (value >= -limit && value < limit) return value
  throw new CodegenError({
    code: 'CODEGEN_RANGE',
    message: `distance does not fit ${bits} bits`,
    where: { offsetBytes: at },
    got: value,
    expected: `${-limit} to ${limit - 1}`,
  })
}

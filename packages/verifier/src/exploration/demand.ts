import { MAX_CALL_FRAMES } from '../calls/call-depth.ts'

/** Registers and stack slots, by frame, whose exact value is asked for while running back along a path. */
export class Demand {
  /** The frame that the instruction looked at runs in. */
  frame = 0
  readonly #registers = new Int32Array(MAX_CALL_FRAMES)
  readonly #slotsLow = new Int32Array(MAX_CALL_FRAMES)
  readonly #slotsHigh = new Int32Array(MAX_CALL_FRAMES)

  /** Nothing is asked for, in `frame` and its callers. One object serves all walks: they are many, and short. */
  start(frame: number): this {
    this.frame = frame
    for (let each = 0; each <= frame; each++) this.#clear(each)
    return this
  }

  get isEmpty(): boolean {
    for (let frame = this.frame; frame >= 0; frame--) {
      if ((this.registers(frame) | this.slotsLow(frame) | this.slotsHigh(frame)) !== 0) return false
    }
    return true
  }

  /** Registers of the running frame are all that is asked for. */
  get isOfRunningFrame(): boolean {
    if ((this.slotsLow(this.frame) | this.slotsHigh(this.frame)) !== 0) return false
    for (let frame = this.frame - 1; frame >= 0; frame--) {
      if ((this.registers(frame) | this.slotsLow(frame) | this.slotsHigh(frame)) !== 0) return false
    }
    return true
  }

  /** One bit a register. */
  registers(frame: number = this.frame): number {
    return this.#registers[frame] as number
  }

  slotsLow(frame: number): number {
    return this.#slotsLow[frame] as number
  }

  slotsHigh(frame: number): number {
    return this.#slotsHigh[frame] as number
  }

  has(register: number): boolean {
    return (this.registers() & (1 << register)) !== 0
  }

  add(register: number, frame: number = this.frame): void {
    this.#registers[frame] = this.registers(frame) | (1 << register)
  }

  drop(register: number, frame: number = this.frame): void {
    this.#registers[frame] = this.registers(frame) & ~(1 << register)
  }

  hasSlot(frame: number, slot: number): boolean {
    return ((slot < 32 ? this.slotsLow(frame) : this.slotsHigh(frame)) & (1 << (slot & 31))) !== 0
  }

  addSlot(frame: number, slot: number): void {
    const half = slot < 32 ? this.#slotsLow : this.#slotsHigh
    half[frame] = (half[frame] as number) | (1 << (slot & 31))
  }

  dropSlot(frame: number, slot: number): void {
    const half = slot < 32 ? this.#slotsLow : this.#slotsHigh
    half[frame] = (half[frame] as number) & ~(1 << (slot & 31))
  }

  /** Back over a return: into the callee. False when there is no room for it. */
  enterCallee(): boolean {
    if (this.frame === MAX_CALL_FRAMES - 1) return false
    this.frame++
    this.#clear(this.frame)
    return true
  }

  /** Back over a call: into the caller. False in the entry frame. */
  leaveCallee(): boolean {
    if (this.frame === 0) return false
    this.frame--
    return true
  }

  /** Numbers of the registers asked for in a frame, ascending. */
  registerNumbers(frame: number): number[] {
    const found: number[] = []
    for (let number = 0; number < 10; number++) if ((this.registers(frame) & (1 << number)) !== 0) found.push(number)
    return found
  }

  /** Indexes of the slots asked for in a frame, ascending. */
  slotIndexes(frame: number): number[] {
    if ((this.slotsLow(frame) | this.slotsHigh(frame)) === 0) return []
    const found: number[] = []
    for (let slot = 0; slot < 64; slot++) if (this.hasSlot(frame, slot)) found.push(slot)
    return found
  }

  /** `regs=42 stack=1`: of the running frame, a bit each, in hexadecimal. */
  bitText(): string {
    const { frame } = this
    const slots = (BigInt(this.slotsHigh(frame) >>> 0) << 32n) | BigInt(this.slotsLow(frame) >>> 0)
    return `regs=${this.registers().toString(16)} stack=${slots.toString(16)}`
  }

  /** `r1,r6` */
  registerText(frame: number = this.frame): string {
    return this.registerNumbers(frame)
      .map((number) => `r${number}`)
      .join(',')
  }

  /** `-8,-16` */
  slotText(frame: number = this.frame): string {
    return this.slotIndexes(frame)
      .map((slot) => -8 * (slot + 1))
      .join(',')
  }

  #clear(frame: number): void {
    this.#registers[frame] = 0
    this.#slotsLow[frame] = 0
    this.#slotsHigh[frame] = 0
  }
}

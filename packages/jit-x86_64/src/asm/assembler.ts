import { MachineBuffer } from '@bpfoundry/codegen'
import type { Form } from './form.ts'
import { NONE, type Register } from './register.ts'

/** Log2 of the factor of an index register. */
export type Scale = 0 | 1 | 2 | 3

const REX = 0x40
const VEX3 = 0xc4
/** ModRM.rm that announces a SIB byte; as a base it is rsp or r12, as an index none. */
const SIB = 4
/** ModRM.rm, or SIB.base, that without a displacement means something else; as a base it is rbp or r13. */
const NEEDS_DISPLACEMENT = 5

/**
 * Writes instructions. A method stands for a shape of operands and takes them in the manual's order; the form says where
 * they go. Prefixes and lengths are chosen by the operands' values: REX only when something needs it, displacements of
 * 0, 1 or 4 bytes.
 *
 * ```
 *  66? | REX 0100WRXB or VEX C4 RXBmmmmm WvvvvLpp | 0F 38/3A? opcode | ModRM mod.reg.rm | SIB s.index.base | disp | imm
 * ```
 *
 * @see Intel SDM volume 2, chapter 2
 */
export class Assembler {
  readonly buffer: MachineBuffer

  constructor(capacityBytes: number = 1 << 14) {
    this.buffer = new MachineBuffer(capacityBytes)
  }

  /** Offset behind the last instruction that set ZF by its register operand, that register, and its width. */
  #flagsOffset = -1
  #flagsRegister: Register = 0
  #flagsWide = false

  /** Offset of the next instruction. */
  get offset(): number {
    return this.buffer.offset
  }

  /** Whether ZF tells if a register is 0, in 32 or 64 bits: a result of 32 bits has no others set. */
  zeroFlagIsOf(register: Register, bits: 32 | 64): boolean {
    return (
      this.#flagsOffset === this.buffer.offset && this.#flagsRegister === register && (bits === 64 || !this.#flagsWide)
    )
  }

  /** The flow may come here from elsewhere: flags are unknown. */
  forgetFlags(): void {
    this.#flagsOffset = -1
  }

  /** No operand: `ret`, `lock`. */
  none(form: Form): void {
    if (form.rex !== 0) this.buffer.u8(form.rex)
    this.#opcode(form, 0)
  }

  /** One register: `neg r/m64`, `push r64`, `shl r/m32, 1`. */
  r(form: Form, register: Register): void {
    if (form.digit < 0) this.#opcodeRegister(form, register)
    else this.#registers(form, register, form.digit)
    if (form.setsZero) this.#noteFlags(form, register)
  }

  /** Two registers: `add r/m64, r64`, `movzx r32, r/m8`. */
  rr(form: Form, first: Register, second: Register): void {
    if (form.rmFirst) this.#registers(form, first, second)
    else this.#registers(form, second, first)
    if (form.setsZero) this.#noteFlags(form, first)
  }

  /** A register and an immediate: `add r/m64, imm8`, `mov r32, imm32`, `shl r/m32, imm8`. */
  ri(form: Form, register: Register, immediate: number): void {
    this.r(form, register)
    this.#immediate(form.immBytes, immediate)
    if (form.setsZero) this.#noteFlags(form, register)
  }

  /** A register and an immediate of 64 bits in its halves. */
  ri64(form: Form, register: Register, low: number, high: number): void {
    this.#opcodeRegister(form, register)
    this.buffer.u64(low, high)
  }

  /** An immediate alone, or with RAX implied: `push imm32`, `add RAX, imm32`. */
  i(form: Form, immediate: number): void {
    this.none(form)
    this.#immediate(form.immBytes, immediate)
  }

  /** Two registers and an immediate: `imul r64, r/m64, imm8`. */
  rri(form: Form, first: Register, second: Register, immediate: number): void {
    this.#registers(form, second, first)
    this.#immediate(form.immBytes, immediate)
  }

  /** Three registers, the last in VEX.vvvv: `shlx r64, r/m64, r64`. */
  rrr(form: Form, first: Register, second: Register, third: Register): void {
    this.#vex(form, first, 0, second, third)
    this.#opcode(form, 0)
    this.#modRegister(first, second)
  }

  /** A register and memory, whichever is written: `mov r/m64, r64`, `movzx r32, r/m8`, `lea r64, m`. */
  rm(form: Form, register: Register, base: Register, index: Register, displacement: number, scale: Scale = 0): void {
    this.#prefixes(form, register, index, base, form.byteReg && register >= 4)
    this.#opcode(form, 0)
    this.#modMemory(register, base, index, displacement, scale)
  }

  /** Memory alone: `call r/m64`. */
  m(form: Form, base: Register, index: Register, displacement: number): void {
    this.rm(form, form.digit, base, index, displacement)
  }

  /** Memory and an immediate: `mov r/m32, imm32`, `cmp r/m64, imm8`. */
  mi(form: Form, base: Register, index: Register, displacement: number, immediate: number): void {
    this.rm(form, form.digit, base, index, displacement)
    this.#immediate(form.immBytes, immediate)
  }

  /** A distance in bytes from the end of the instruction: `jmp rel8`. */
  rel(form: Form, distance: number): void {
    this.i(form, distance)
  }

  #noteFlags(form: Form, register: Register): void {
    this.#flagsOffset = this.buffer.offset
    this.#flagsRegister = register
    this.#flagsWide = form.rex !== 0
  }

  #opcodeRegister(form: Form, register: Register): void {
    const rex = form.rex | (register >= 8 ? REX | 1 : 0)
    if (rex !== 0) this.buffer.u8(rex)
    this.#opcode(form, register & 7)
  }

  #registers(form: Form, rm: Register, reg: Register): void {
    const byte = (form.byteRm && rm >= 4) || (form.byteReg && reg >= 4)
    this.#prefixes(form, reg, 0, rm, byte)
    this.#opcode(form, 0)
    this.#modRegister(reg, rm)
  }

  /** 66, then REX when W, an extended register or a byte register asks for one; or VEX with vvvv unused. */
  #prefixes(form: Form, reg: Register, index: Register, base: Register, byte: boolean): void {
    if (form.vexPp >= 0) {
      this.#vex(form, reg, index, base, 0)
      return
    }
    if (form.prefix !== 0) this.buffer.u8(form.prefix)
    const extension = ((reg >> 3) << 2) | (index >= 8 ? 2 : 0) | (base >> 3)
    const rex = form.rex | (extension !== 0 || byte ? REX | extension : 0)
    if (rex !== 0) this.buffer.u8(rex)
  }

  #vex(form: Form, reg: Register, index: Register, base: Register, vvvv: Register): void {
    const rxb = ((reg >> 3) << 2) | (index >= 8 ? 2 : 0) | (base >> 3)
    this.buffer.u8(VEX3)
    this.buffer.u8(((~rxb & 7) << 5) | form.map)
    this.buffer.u8(((form.rex & 8) << 4) | ((~vvvv & 15) << 3) | form.vexPp)
  }

  /** @param low low bits of a register in the opcode */
  #opcode(form: Form, low: number): void {
    if (form.vexPp < 0 && form.map !== 0) {
      this.buffer.u8(0x0f)
      if (form.map === 2) this.buffer.u8(0x38)
      else if (form.map === 3) this.buffer.u8(0x3a)
    }
    this.buffer.u8(form.opcode | low)
  }

  #modRegister(reg: Register, rm: Register): void {
    this.buffer.u8(0xc0 | ((reg & 7) << 3) | (rm & 7))
  }

  #modMemory(reg: Register, base: Register, index: Register, displacement: number, scale: Scale): void {
    const bytes = displacementBytes(base, displacement)
    const mod = (bytes === 0 ? 0 : bytes === 1 ? 0x40 : 0x80) | ((reg & 7) << 3)
    if (index === NONE && (base & 7) !== SIB) this.buffer.u8(mod | (base & 7))
    else {
      this.buffer.u8(mod | SIB)
      this.buffer.u8((scale << 6) | ((index === NONE ? SIB : index & 7) << 3) | (base & 7))
    }
    this.#immediate(bytes, displacement)
  }

  #immediate(bytes: number, value: number): void {
    if (bytes === 1) this.buffer.u8(value)
    else if (bytes === 4) this.buffer.u32(value)
    else if (bytes === 2) this.buffer.u16(value)
  }
}

function displacementBytes(base: Register, displacement: number): 0 | 1 | 4 {
  if (displacement === 0 && (base & 7) !== NEEDS_DISPLACEMENT) return 0
  return isImm8(displacement) ? 1 : 4
}

/** True when a sign-extended byte holds the number. */
export function isImm8(value: number): boolean {
  return value >= -128 && value <= 127
}

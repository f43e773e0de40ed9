/** Constants and operations with them, each in the fewest instructions. Constants are int32; X operations extend their sign. */
import type { MachineBuffer } from '@bpfoundry/codegen'
import {
  addImm,
  andImm,
  cmnImm,
  cmpImm,
  eorImm,
  movk,
  movn,
  movz,
  orrImm,
  subImm,
  tstImm,
} from './asm/data-processing-immediate.ts'
import { add, and, cmp, eor, orr, sub, type ThreeRegisters, tst } from './asm/data-processing-register.ts'
import { type LogicalImmediate, logicalImmediate32, logicalImmediate64 } from './asm/logical-immediate.ts'
import { type Register, W, type Width, X, ZR } from './asm/registers.ts'
import { SCRATCH } from './register-map.ts'

const HALF = 0xffff

/** Wd = a word, which clears the upper half of Xd: one instruction, or movz and movk. */
export function loadWord(code: MachineBuffer, Rd: Register, word: number): void {
  const low = word & HALF
  const high = word >>> 16
  if (high === 0) code.u32(movz(W, Rd, low))
  else if (low === 0) code.u32(movz(W, Rd, high, 1))
  else if (high === HALF) code.u32(movn(W, Rd, ~low & HALF))
  else if (low === HALF) code.u32(movn(W, Rd, ~high & HALF, 1))
  else {
    const immediate = logicalImmediate32(word)
    if (immediate !== undefined) code.u32(orrImm(W, Rd, ZR, immediate))
    else {
      code.u32(movz(W, Rd, low))
      code.u32(movk(W, Rd, high, 1))
    }
  }
}

/** Xd = a double word in int32 halves: one instruction, or movz or movn and up to three movk. */
export function loadDoubleWord(code: MachineBuffer, Rd: Register, lo: number, hi: number): void {
  if (hi === 0) {
    loadWord(code, Rd, lo)
    return
  }
  const zeros = quartersOf(lo, hi, 0)
  const ones = quartersOf(lo, hi, HALF)
  const immediate = zeros < 3 && ones < 3 ? logicalImmediate64(lo, hi) : undefined
  if (immediate !== undefined) code.u32(orrImm(X, Rd, ZR, immediate))
  else loadQuarters(code, Rd, lo, hi, ones > zeros)
}

const quarterOf = (lo: number, hi: number, hw: number): number => ((hw < 2 ? lo : hi) >>> (16 * (hw & 1))) & HALF

/** How many of the four quarters are that. */
function quartersOf(lo: number, hi: number, quarter: number): number {
  let count = 0
  for (let hw = 0; hw < 4; hw++) if (quarterOf(lo, hi, hw) === quarter) count++
  return count
}

/** Starts from all ones or all zeros, whichever leaves fewer quarters to set. */
function loadQuarters(code: MachineBuffer, Rd: Register, lo: number, hi: number, fromOnes: boolean): void {
  const given = fromOnes ? HALF : 0
  let first = 0
  while (first < 4 && quarterOf(lo, hi, first) === given) first++
  if (first === 4) first = 0
  const quarter = quarterOf(lo, hi, first)
  code.u32(fromOnes ? movn(X, Rd, ~quarter & HALF, first) : movz(X, Rd, quarter, first))
  for (let hw = first + 1; hw < 4; hw++) {
    const next = quarterOf(lo, hi, hw)
    if (next !== given) code.u32(movk(X, Rd, next, hw))
  }
}

/** Rd = a constant of that width. */
export function loadConstant(code: MachineBuffer, sf: Width, Rd: Register, constant: number): void {
  if (sf === X) loadDoubleWord(code, Rd, constant, constant >> 31)
  else loadWord(code, Rd, constant)
}

const IMM12 = 0xfff

/** True where add, sub and cmp take it: 12 bits, or 12 bits shifted by 12. */
function isImm12(value: number): boolean {
  return value <= IMM12 || ((value & IMM12) === 0 && value < 2 ** 24)
}

/** An instruction with a 12-bit immediate. */
type WithImm12 = (sf: Width, Rd: Register, Rn: Register, imm12: number, sh?: number) => number

function putImm12(code: MachineBuffer, emit: WithImm12, sf: Width, Rd: Register, Rn: Register, value: number): void {
  code.u32(value <= IMM12 ? emit(sf, Rd, Rn, value) : emit(sf, Rd, Rn, value >>> 12, 1))
}

/** Rd = Rn + constant: one add or sub where the immediate fits, two up to 24 bits; else by way of the scratch register. */
export function addConstant(code: MachineBuffer, sf: Width, Rd: Register, Rn: Register, constant: number): void {
  const magnitude = Math.abs(constant)
  const emit = constant < 0 ? subImm : addImm
  // What is added to must not be what the constant is made in.
  const made = Rn === SCRATCH ? Rd : SCRATCH
  if (isImm12(magnitude)) putImm12(code, emit, sf, Rd, Rn, magnitude)
  else if (magnitude <= HALF) {
    code.u32(movz(W, made, magnitude))
    code.u32((constant < 0 ? sub : add)(sf, Rd, Rn, made))
  } else if (magnitude < 2 ** 24) {
    putImm12(code, emit, sf, Rd, Rn, magnitude & ~IMM12)
    putImm12(code, emit, sf, Rd, Rd, magnitude & IMM12)
  } else {
    loadConstant(code, sf, made, constant)
    code.u32(add(sf, Rd, Rn, made))
  }
}

/**
 * Flags of Rn - constant. `cmn Rn, #n` adds, which gives the flags of a subtraction of -n, but for n = 0, where the
 * carry differs; 0 goes the other way.
 */
export function compareConstant(code: MachineBuffer, sf: Width, Rn: Register, constant: number): void {
  const magnitude = Math.abs(constant)
  if (isImm12(magnitude)) {
    const emit = constant < 0 ? cmnImm : cmpImm
    code.u32(magnitude <= IMM12 ? emit(sf, Rn, magnitude) : emit(sf, Rn, magnitude >>> 12, 1))
    return
  }
  loadConstant(code, sf, SCRATCH, constant)
  code.u32(cmp(sf, Rn, SCRATCH))
}

/** A logical instruction in its two forms. */
export interface LogicalForms {
  readonly immediate: (sf: Width, Rd: Register, Rn: Register, immediate: LogicalImmediate) => number
  readonly registers: ThreeRegisters
}

export const AND: LogicalForms = { immediate: andImm, registers: and }
export const ORR: LogicalForms = { immediate: orrImm, registers: orr }
export const EOR: LogicalForms = { immediate: eorImm, registers: eor }
/** Sets flags; Rd is none. */
export const TST: LogicalForms = {
  immediate: (sf, _, Rn, immediate) => tstImm(sf, Rn, immediate),
  registers: (sf, _, Rn, Rm) => tst(sf, Rn, Rm),
}

/** Rd = Rn op constant: with a logical immediate, the zero register for 0, else by way of the scratch register. */
export function logicalConstant(
  code: MachineBuffer,
  forms: LogicalForms,
  sf: Width,
  Rd: Register,
  Rn: Register,
  constant: number,
): void {
  const immediate = sf === X ? logicalImmediate64(constant, constant >> 31) : logicalImmediate32(constant)
  if (immediate !== undefined) {
    code.u32(forms.immediate(sf, Rd, Rn, immediate))
    return
  }
  if (constant !== 0) loadConstant(code, sf, SCRATCH, constant)
  code.u32(forms.registers(sf, Rd, Rn, constant === 0 ? ZR : SCRATCH))
}

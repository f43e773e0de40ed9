/** Conversions to big endian; the core computes in little endian. */
import { gprA, gprB, gprBoth, type Operand, rotateRight, shiftRight } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_A } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'

const ALL_BYTES = 0xf

/** Turns a word's bytes around: a rotation by one byte, then two bytes change places. */
function reverseWord(emit: Emission, src: Operand, gpr: number): void {
  emit.ldField(gprBoth(gpr), ALL_BYTES, src, rotateRight(8))
  emit.ldField(gprBoth(gpr), 0x5, gprA(gpr), rotateRight(16))
}

const WIDTHS: ReadonlyMap<number, (emit: Emission, dst: number) => void> = new Map([
  [16, reverse16],
  [32, reverse32],
  [64, reverse64],
])

function reverse16(emit: Emission, dst: number): void {
  emit.ldField(gprBoth(low(dst)), 0x9, gprB(low(dst)), rotateRight(8))
  emit.ldField(gprBoth(low(dst)), 0xe, gprA(low(dst)), shiftRight(16))
  emit.load(gprBoth(high(dst)), 0)
}

function reverse32(emit: Emission, dst: number): void {
  reverseWord(emit, gprA(low(dst)), low(dst))
  emit.load(gprBoth(high(dst)), 0)
}

function reverse64(emit: Emission, dst: number): void {
  emit.move(TEMP_A, gprB(high(dst)))
  reverseWord(emit, gprA(low(dst)), high(dst))
  reverseWord(emit, TEMP_A, low(dst))
}

export const toBigEndian: Lower = ({ emit }, { dst, imm }) => WIDTHS.get(imm)?.(emit, dst)

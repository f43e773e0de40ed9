/**
 * Comparisons. Against 0 and at single bits they are one instruction; else flags and a conditional branch.
 *
 * @see RFC 9669, section 4.3
 */
import { type InstructionName, jumpTarget } from '@bpfoundry/isa'
import { CONDITION, type Condition } from '../asm/condition.ts'
import { cmp, tst } from '../asm/data-processing-register.ts'
import { type Register, W, type Width, X, ZR } from '../asm/registers.ts'
import { compareConstant, logicalConstant, TST } from '../constants.ts'
import type { Emission } from '../emission.ts'
import type { Lowering, LoweringsOf } from './lowering.ts'

const { EQ, NE, HI, HS, LO, LS, GT, GE, LT, LE } = CONDITION

/** `if r1 > r2 goto   ->   cmp x1, x2; b.hi` */
const compare =
  (sf: Width, cond: Condition): Lowering =>
  (e, insn) => {
    // Both may be r10, which is one value in one register.
    const n = e.source(insn.dst)
    e.put(cmp(sf, n, insn.src === insn.dst ? n : e.source(insn.src)))
    e.branchIf(cond, jumpTarget(insn, e.pc) as number)
  }

/** `if r1 & r2 goto   ->   tst x1, x2; b.ne` */
const testBits =
  (sf: Width): Lowering =>
  (e, insn) => {
    const n = e.source(insn.dst)
    e.put(tst(sf, n, insn.src === insn.dst ? n : e.source(insn.src)))
    e.branchIf(NE, jumpTarget(insn, e.pc) as number)
  }

/** A comparison with a constant that needs no flags. */
type Shortcut = (e: Emission, sf: Width, Rn: Register, slot: number) => void

const whenZero: Shortcut = (e, sf, Rn, slot) => e.branchIfZero(sf, Rn, true, slot)
const unlessZero: Shortcut = (e, sf, Rn, slot) => e.branchIfZero(sf, Rn, false, slot)
const signBit = (sf: Width): number => (sf === X ? 63 : 31)
const whenNegative: Shortcut = (e, sf, Rn, slot) => e.branchIfBit(Rn, signBit(sf), true, slot)
const unlessNegative: Shortcut = (e, sf, Rn, slot) => e.branchIfBit(Rn, signBit(sf), false, slot)

/** Shortcuts of a condition by the constant. */
type Shortcuts = Readonly<Record<number, Shortcut>>

// biome-ignore format: table
const SHORTCUTS: Readonly<Record<Condition, Shortcuts>> = {
  [EQ]: { 0: whenZero },                            // r1 == 0   ->  cbz
  [NE]: { 0: unlessZero },                          // r1 != 0   ->  cbnz
  [HI]: { 0: unlessZero },                          // r1 > 0    ->  cbnz
  [HS]: { 1: unlessZero },                          // r1 >= 1   ->  cbnz
  [LO]: { 1: whenZero },                            // r1 < 1    ->  cbz
  [LS]: { 0: whenZero },                            // r1 <= 0   ->  cbz
  [GT]: { [-1]: unlessNegative },                   // r1 s> -1  ->  tbz #63
  [GE]: { 0: unlessNegative },                      // r1 s>= 0  ->  tbz #63
  [LT]: { 0: whenNegative },                        // r1 s< 0   ->  tbnz #63
  [LE]: { [-1]: whenNegative },                     // r1 s<= -1 ->  tbnz #63
}

/** `if r1 > 5 goto   ->   cmp x1, #5; b.hi` */
const compareImmediate =
  (sf: Width, cond: Condition): Lowering =>
  (e, insn) => {
    const slot = jumpTarget(insn, e.pc) as number
    const n = e.source(insn.dst)
    const shortcut = SHORTCUTS[cond][insn.imm]
    if (shortcut !== undefined) {
      shortcut(e, sf, n, slot)
      return
    }
    compareConstant(e.code, sf, n, insn.imm)
    e.branchIf(cond, slot)
  }

/** `if r1 & 8 goto   ->   tbnz w1, #3`; several bits `tst x1, #imm; b.ne` */
const testImmediate =
  (sf: Width): Lowering =>
  (e, insn) => {
    const { imm } = insn
    const slot = jumpTarget(insn, e.pc) as number
    const n = e.source(insn.dst)
    const isSingle = imm !== 0 && (imm & (imm - 1)) === 0 && (imm > 0 || sf === W)
    if (isSingle) {
      e.branchIfBit(n, 31 - Math.clz32(imm), true, slot)
      return
    }
    logicalConstant(e.code, TST, sf, ZR, n, imm)
    e.branchIf(NE, slot)
  }

// biome-ignore format: table
export const JUMPS: LoweringsOf<Extract<InstructionName, `JMP_J${string}_${'K' | 'X'}` | `JMP32_J${string}_${'K' | 'X'}`>> = {
  JMP_JEQ_K:    compareImmediate(X, EQ),
  JMP_JEQ_X:    compare(X, EQ),
  JMP_JNE_K:    compareImmediate(X, NE),
  JMP_JNE_X:    compare(X, NE),
  JMP_JSET_K:   testImmediate(X),
  JMP_JSET_X:   testBits(X),
  JMP_JGT_K:    compareImmediate(X, HI),
  JMP_JGT_X:    compare(X, HI),
  JMP_JGE_K:    compareImmediate(X, HS),
  JMP_JGE_X:    compare(X, HS),
  JMP_JLT_K:    compareImmediate(X, LO),
  JMP_JLT_X:    compare(X, LO),
  JMP_JLE_K:    compareImmediate(X, LS),
  JMP_JLE_X:    compare(X, LS),
  JMP_JSGT_K:   compareImmediate(X, GT),
  JMP_JSGT_X:   compare(X, GT),
  JMP_JSGE_K:   compareImmediate(X, GE),
  JMP_JSGE_X:   compare(X, GE),
  JMP_JSLT_K:   compareImmediate(X, LT),
  JMP_JSLT_X:   compare(X, LT),
  JMP_JSLE_K:   compareImmediate(X, LE),
  JMP_JSLE_X:   compare(X, LE),
  JMP32_JEQ_K:  compareImmediate(W, EQ),
  JMP32_JEQ_X:  compare(W, EQ),
  JMP32_JNE_K:  compareImmediate(W, NE),
  JMP32_JNE_X:  compare(W, NE),
  JMP32_JSET_K: testImmediate(W),
  JMP32_JSET_X: testBits(W),
  JMP32_JGT_K:  compareImmediate(W, HI),
  JMP32_JGT_X:  compare(W, HI),
  JMP32_JGE_K:  compareImmediate(W, HS),
  JMP32_JGE_X:  compare(W, HS),
  JMP32_JLT_K:  compareImmediate(W, LO),
  JMP32_JLT_X:  compare(W, LO),
  JMP32_JLE_K:  compareImmediate(W, LS),
  JMP32_JLE_X:  compare(W, LS),
  JMP32_JSGT_K: compareImmediate(W, GT),
  JMP32_JSGT_X: compare(W, GT),
  JMP32_JSGE_K: compareImmediate(W, GE),
  JMP32_JSGE_X: compare(W, GE),
  JMP32_JSLT_K: compareImmediate(W, LT),
  JMP32_JSLT_X: compare(W, LT),
  JMP32_JSLE_K: compareImmediate(W, LE),
  JMP32_JSLE_X: compare(W, LE),
}

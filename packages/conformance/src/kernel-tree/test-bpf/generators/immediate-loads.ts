import {
  BPF_ALU32_IMM,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_EXIT_INSN,
  BPF_LD_IMM64,
  BPF_LSH,
  BPF_MOV,
  BPF_OR,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  type Insn,
} from '@bpfoundry/isa'
import { exitUnlessEqual } from './operand-pattern.ts'
import { highWord, lowWord } from './operations.ts'

/** Values around each power of two. */
const BLOCK = 64

/** Loads 64-bit immediates of all magnitudes: back ends choose a shorter encoding for small ones. */
export function loadMagnitudes(): readonly Insn[] {
  return loadsOf(magnitudes())
}

/** A byte of an immediate: bits of `mask` are those of `base`, the others come from a random number. */
export interface BytePattern {
  readonly base: number
  readonly mask: number
}

/** Loads immediates of all combinations of two kinds of bytes. */
export function loadBytes(ones: BytePattern, zeros: BytePattern): readonly Insn[] {
  return loadsOf(byteCombinations(ones, zeros))
}

/** Loads each value at once and in halves, and compares. */
function loadsOf(values: Iterable<bigint>): readonly Insn[] {
  const insns: Insn[] = [BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0)]
  for (const value of values) {
    insns.push(
      ...BPF_LD_IMM64(BPF_REG_1, value),
      BPF_ALU32_IMM(BPF_MOV, BPF_REG_2, lowWord(value)),
      BPF_ALU32_IMM(BPF_MOV, BPF_REG_3, highWord(value)),
      BPF_ALU64_IMM(BPF_LSH, BPF_REG_3, 32),
      BPF_ALU64_REG(BPF_OR, BPF_REG_2, BPF_REG_3),
      ...exitUnlessEqual(BPF_REG_1, BPF_REG_2),
    )
  }
  insns.push(BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 1), BPF_EXIT_INSN())
  return insns
}

function* magnitudes(): Generator<bigint> {
  for (let bit = 0n; bit <= 62n; bit++) {
    for (let delta = -BLOCK / 2; delta < BLOCK / 2; delta++) {
      const value = (1n << bit) + BigInt(delta)
      yield -value
      yield value
    }
  }
}

function* byteCombinations(ones: BytePattern, zeros: BytePattern): Generator<bigint> {
  let random = 1
  for (let pattern = 0; pattern < 256; pattern++) {
    let value = 0n
    for (let index = 0; index < 8; index++) {
      const { base, mask } = pattern & (1 << index) ? ones : zeros
      // An int in C: random bits above the byte reach the bytes before it.
      value = (value << 8n) | BigInt((base & mask) | (random & ~mask))
    }
    // The linear congruential generator of Numerical Recipes.
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) | 0
    yield BigInt.asUintN(64, value)
  }
}

import { BPF_ALU64_IMM, BPF_EXIT_INSN, BPF_JEQ, BPF_JMP_REG, BPF_MOV, BPF_REG_0, type Insn } from '@bpfoundry/isa'

/** Which operands a program tries. */
export interface OperandPattern {
  /** Widths of the two operands; magnitudes go up to the bit before the highest. */
  readonly dstBits: number
  readonly srcBits: number
  /** Values around each power of two, where every magnitude meets every other: 0 leaves these pairs out. */
  readonly crossBlock: number
  /** Values around each power of two, where both operands have the same magnitude. */
  readonly equalBlock: number
}

const SIGNS: readonly (readonly [dst: bigint, src: bigint])[] = [
  [1n, 1n],
  [1n, -1n],
  [-1n, 1n],
  [-1n, -1n],
]

/** A program that tries pair after pair of operands and ends with r0 = 1; a wrong result ends it at once with r0 = 0. */
export function patternProgram(
  pattern: OperandPattern,
  emit: (dst: bigint, src: bigint) => readonly Insn[],
): readonly Insn[] {
  const insns: Insn[] = [BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0)]
  for (const [dst, src] of operandPairs(pattern)) insns.push(...emit(dst, src))
  insns.push(BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 1), BPF_EXIT_INSN())
  return insns
}

/** Goes on where the registers are equal, ends the program where they are not. */
export function exitUnlessEqual(a: number, b: number): readonly Insn[] {
  return [BPF_JMP_REG(BPF_JEQ, a, b, 1), BPF_EXIT_INSN()]
}

/** Pairs of s64: all powers of two with both signs, and blocks of values around them. */
function* operandPairs({
  dstBits,
  srcBits,
  crossBlock,
  equalBlock,
}: OperandPattern): Generator<readonly [bigint, bigint]> {
  for (let dst = 0; dst < dstBits - 1; dst++) {
    for (let src = 0; src < srcBits - 1; src++) yield* pairsAround(dst, src, crossBlock)
  }
  for (let bit = 0; bit < Math.max(dstBits, srcBits) - 1; bit++) {
    yield* pairsAround(bit % dstBits, bit % srcBits, equalBlock)
  }
}

function* pairsAround(dstBit: number, srcBit: number, block: number): Generator<readonly [bigint, bigint]> {
  const deltas = Array.from({ length: block }, (_, index) => BigInt(index - Math.floor(block / 2)))
  for (const [dstSign, srcSign] of SIGNS) {
    for (const dstDelta of deltas) {
      for (const srcDelta of deltas) {
        yield [dstSign * (1n << BigInt(dstBit)) + dstDelta, srcSign * (1n << BigInt(srcBit)) + srcDelta]
      }
    }
  }
}

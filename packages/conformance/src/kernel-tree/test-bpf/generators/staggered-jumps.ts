import {
  BPF_ALU64_IMM,
  BPF_EXIT_INSN,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JMP32_IMM,
  BPF_JMP32_REG,
  BPF_JNE,
  BPF_JSET,
  BPF_JSGE,
  BPF_JSGT,
  BPF_JSLE,
  BPF_JSLT,
  BPF_MOV,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  type Insn,
} from '@bpfoundry/isa'
import { ConformanceError } from '../../../conformance-error.ts'
import type { Source, Width } from './alu-patterns.ts'

/** Operands with which each comparison holds. */
// biome-ignore format: one row a line
const HOLDING: ReadonlyMap<number, readonly [dst: number, src: number]> = new Map([
  [BPF_JEQ,  [1234, 1234]],
  [BPF_JNE,  [4321, 1234]],
  [BPF_JSET, [0x86, 0x82]],
  [BPF_JGT,  [0x8000_0000, 1234]],
  [BPF_JGE,  [1234, 1234]],
  [BPF_JLT,  [1234, 0x8000_0000]],
  [BPF_JLE,  [1234, 1234]],
  [BPF_JSGT, [-1, -2]],
  [BPF_JSGE, [-2, -2]],
  [BPF_JSLT, [-2, -1]],
  [BPF_JSLE, [-1, -1]],
])

/** Instructions of one step: a check that it is its turn, its number, the jump. */
const STEP = 3

/** The unconditional jump. @param result r0 in the end, number of steps */
export function staggeredJumps(result: number): readonly Insn[] {
  return sequence(BPF_JMP_IMM(BPF_JA, 0, 0, 0), 0, 0, result)
}

/**
 * A conditional jump from the middle of the program to and fro, each time a step farther, to both ends of it: where a
 * back end must choose a longer form for far jumps, that moves others out of reach in turn.
 *
 * @param result r0 in the end, number of steps
 */
export function staggeredConditionalJumps(
  width: Width,
  source: Source,
  operation: number,
  result: number,
): readonly Insn[] {
  const [dst, src] = HOLDING.get(operation) as readonly [number, number]
  if (source === 'imm') {
    const jump = (width === 64 ? BPF_JMP_IMM : BPF_JMP32_IMM)(operation, BPF_REG_1, src, 0)
    return sequence(jump, dst, 0, result)
  }
  const jump = (width === 64 ? BPF_JMP_REG : BPF_JMP32_REG)(operation, BPF_REG_1, BPF_REG_2, 0)
  return sequence(jump, dst, src, result)
}

/** So that the farthest jump fits its offset. */
const MOST_STEPS = 10_923

/** @throws ConformanceError CONFORMANCE_SOURCE for an even or too large number of steps */
function sequence(jump: Insn, r1: number, r2: number, result: number): readonly Insn[] {
  if (result % 2 === 0 || result > MOST_STEPS) {
    throw new ConformanceError({
      code: 'CONFORMANCE_SOURCE',
      message: 'no sequence of staggered jumps has that result',
      got: String(result),
      expected: `an odd number up to ${MOST_STEPS}`,
    })
  }
  const last = result - 1
  const insns = [
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, 0),
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_1, r1),
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_2, r2),
    BPF_JMP_IMM(BPF_JA, 0, 0, (STEP * last) / 2),
  ]
  for (let index = 0; index <= last; index++) {
    // Even numbers forward, from the first step down to the middle; odd ones backward, from there to the last.
    const distance = last - 2 * index
    const off = distance > 0 ? distance : distance - 1
    insns.push(...step(jump, off, STEP * (last - index) + 1))
  }
  // The exit stands in place of the last step's jump.
  return [...insns.slice(0, -1), BPF_EXIT_INSN()]
}

function step(jump: Insn, off: number, toExit: number): readonly Insn[] {
  const turn = Math.abs(off)
  return [
    BPF_JMP_IMM(BPF_JNE, BPF_REG_0, turn - 1, toExit),
    BPF_ALU64_IMM(BPF_MOV, BPF_REG_0, turn),
    { ...jump, off: STEP * (off - 1) },
  ]
}

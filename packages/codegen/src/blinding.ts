/**
 * Constant blinding: no number that a program's author chose stands in the code as it is, so that nobody can plant
 * machine code in immediates (JIT spraying). Each is made at run time of two random-looking ones, where that takes fewest
 * instructions: in the register that it is for, or in AX, a register that programs can't name (blinding/blinding-rules.ts):
 *
 * ```
 * r3 = 0x1234           ->   w3 = 0x1234 ^ key;  w3 ^= key
 * r3 = 1; r4 = 2        ->   w11 = base;  r3 = r11; r3 += 1 - base;  r4 = r11; r4 += 2 - base
 * r3 += 0x1234          ->   r3 += 0x1234 - key;  r3 += key
 * r3 += 1; r4 += 2      ->   w11 = base;  r3 += r11; r3 += 1 - base;  r4 += r11; r4 += 2 - base
 * r3 ^= 0x1234          ->   r3 ^= 0x1234 ^ key;  r3 ^= key
 * r3 &= 0xff            ->   w3 <<= 24;  w3 >>= 24
 * r3 &= 0x1234          ->   w11 = 0x1234 ^ key;  w11 ^= key;  r3 &= r11
 * if r3 == 0x1234 goto  ->   r1 = r3;  r1 += key;  if r1 == 0x1234 + key          where r1, or r3, is not read again
 * if r3 > 0x1234 goto   ->   the same where r3 is known to be small enough, else
 *                            w11 = 0x1234 ^ key;  w11 ^= key;  if r3 > r11 goto
 * *(u32 *)(r3 +4) = 7   ->   w11 = 7 ^ key;  w11 ^= key;  *(u32 *)(r3 +4) = r11
 * r3 = 0x1234_5678_9 ll ->   r3 = ... ^ key64 ll;  r11 = key64 ll;  r3 ^= r11
 * ```
 *
 * A base in AX hides what follows until AX is needed for something else: machines add three numbers in one step, so that with
 * it an addition takes no instruction more. In loops, where longer ways are felt, numbers are made in AX, or kept in registers that the subprogram has no use for
 * (kept-constants.ts). A number that AX holds already is not made again.
 *
 * Numbers that share a base are as hard to guess as one of them, 31 bits: an attacker who guessed it would know what all of
 * them look like. That is enough, for who guesses wrong crashes what he attacks.
 *
 * What is blinded is what Linux blinds: ALU but shifts, conditional jumps, stores, all 64-bit immediates but addresses
 * of functions. Left as they are: 0, which says nothing; shift counts and byte-order widths, which the verifier bounds;
 * offsets of memory accesses and distances of jumps.
 *
 * @see bpf_jit_blind_constants in kernel/bpf/core.c (behaviour)
 */
import { BPF_REG_AX, type Insn, insnSlots } from '@bpfoundry/isa'
import { BlindedInsn } from './blinding/blinded-insn.ts'
import { type Blinding, isCopyToAddTo, mayWriteAx, ruleAt } from './blinding/blinded-subprogram.ts'
import { BLINDING_RULES } from './blinding/blinding-rules.ts'
import { type HiddenContent, HiddenRegister, type RandomU32 } from './blinding/hidden-register.ts'
import { type CodeProgram, subprogramsOf } from './code-program.ts'
import { type BasicBlock, controlFlowGraphs } from './control-flow-graph.ts'
import { dominatorTree, loopDepths, loopStructure } from './dominators.ts'
import { keptConstants } from './kept-constants.ts'
import { liveRegisters } from './liveness.ts'
import { linkProgram, ProgramWriter, type RewrittenProgram } from './rewritten-program.ts'
import { dstWidths } from './value-width.ts'
import { initialWeights } from './weights.ts'

export type { RandomU32 } from './blinding/hidden-register.ts'

/**
 * The program with all constants blinded. Runs of it give the same results; its weights keep the count.
 *
 * @param program as loaded, or what an earlier rewrite made of it
 * @throws CodegenError as {@link controlFlowGraphs}
 */
export function blindConstants(program: CodeProgram, random: RandomU32): RewrittenProgram {
  const { insns } = program
  const subprograms = subprogramsOf(program)
  const weights = program.weights ?? initialWeights(insns, subprograms)
  const writer = new ProgramWriter(insns.length)
  const namesAx = insns.some(({ dst, src }) => dst === BPF_REG_AX || src === BPF_REG_AX)
  for (const cfg of controlFlowGraphs({ insns, subprograms })) {
    const kept = keptConstants(insns, cfg, (insn, row) => insn.imm !== 0 && ruleKeeps(insn, row.name))
    const live = once(() => liveRegisters(insns, cfg))
    const depths = once(() => loopDepths(cfg, loopStructure(cfg, dominatorTree(cfg))))
    const widths = once(() => dstWidths(insns, cfg))
    const hidden = new HiddenRegister(writer, random)
    blindSubprogram({ insns, weights, namesAx, cfg, live, depths, widths, writer, kept, hidden })
  }
  return linkProgram(writer, subprograms)
}

/** Many programs need no such analysis. */
function once<Value>(analyse: () => Value): () => Value {
  let value: Value | undefined
  return () => (value ??= analyse())
}

const ruleKeeps = (insn: Insn, name: keyof typeof BLINDING_RULES): boolean => BLINDING_RULES[name]?.keeps(insn) === true

function blindSubprogram(blinding: Blinding): void {
  const { cfg, writer, kept, hidden } = blinding
  // The subprogram begins with the constants that it keeps.
  writer.begin(cfg.range.start)
  for (const [imm, register] of kept) hidden.makeConstant(register, imm, 64, 0)
  // What AX holds at the end of each block.
  const ends: (HiddenContent | undefined)[] = []
  for (const block of cfg.blocks) {
    hidden.content = contentBefore(block, ends)
    blindBlock(blinding, block)
    ends.push(hidden.content)
  }
}

/** What AX holds whichever way a block is come to; those behind a loop's end are not known yet. */
function contentBefore(
  { index, predecessors }: BasicBlock,
  ends: readonly (HiddenContent | undefined)[],
): HiddenContent | undefined {
  const [first] = predecessors
  if (first === undefined || index === 0) return undefined
  return predecessors.every((one) => one < index && ends[one] === ends[first]) ? ends[first] : undefined
}

function blindBlock(blinding: Blinding, block: BasicBlock): void {
  const { insns, weights, writer, hidden, cfg } = blinding
  for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
    if (pc !== cfg.range.start) writer.begin(pc)
    const rule = ruleAt(blinding, pc)
    const weight = weights[pc] as number
    if (isCopyToAddTo(blinding, block, pc)) hidden.needBase()
    if (rule !== undefined) rule.blind(new BlindedInsn(blinding, block, pc))
    else keepInsn(writer, insns, pc, weight)
    if (mayWriteAx(blinding, pc)) hidden.content = undefined
  }
}

function keepInsn(writer: ProgramWriter, insns: readonly Insn[], pc: number, weight: number): void {
  writer.keep(insns[pc] as Insn, pc, weight)
  if (insnSlots(insns[pc] as Insn) === 1) return
  writer.begin(pc + 1)
  writer.second(insns[pc + 1] as Insn)
}

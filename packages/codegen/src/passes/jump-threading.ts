/**
 * Jump threading: a goto that leads to a goto leads where that one leads.
 *
 * ```
 *     goto A                  goto B
 *  A: goto B          ->   A: goto B          (A is gone when nothing else leads there)
 * ```
 *
 * Sound: between the two nothing happens. The first goto is always taken, so it takes over the weight of the second. A
 * conditional jump can't: the weight would be that of one edge. It is threaded through gotos without weight, that is in
 * hidden subprograms, and everywhere when nobody counts.
 */
import {
  BPF_JMP,
  BPF_JMP_A,
  BPF_JMP32,
  BPF_JMP32_A,
  type Insn,
  insnSlots,
  isConditionalJump,
  isGoto,
  jumpTarget,
} from '@bpfoundry/isa'
import type { CodeRange } from '../code-program.ts'
import type { Weights } from '../weights.ts'

/** Gotos that are followed at most: a ring of gotos has no end. */
const MAX_HOPS = 8

export function threadJumps(insns: Insn[], weights: Weights, range: CodeRange): void {
  for (let pc = range.start; pc < range.end; pc += insnSlots(insns[pc] as Insn)) {
    const insn = insns[pc] as Insn
    if (!isJumpClass(insn)) continue
    if (isGoto(insn)) threadGoto(insns, weights, range, pc)
    else if (isConditionalJump(insn)) threadBranch(insns, weights, range, pc)
  }
}

/** BPF_JMP or BPF_JMP32. */
const isJumpClass = ({ opcode }: Insn): boolean => (opcode & 7) === BPF_JMP || (opcode & 7) === BPF_JMP32

function threadGoto(insns: Insn[], weights: Weights, range: CodeRange, pc: number): void {
  let target = jumpTarget(insns[pc] as Insn, pc) as number
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    const next = gotoTarget(insns, range, target)
    if (next === undefined || next === target || target === pc) break
    weights[pc]! += weights[target] as number
    target = next
  }
  insns[pc] = withTarget(insns[pc] as Insn, pc, target)
}

function threadBranch(insns: Insn[], weights: Weights, range: CodeRange, pc: number): void {
  const insn = insns[pc] as Insn
  let target = jumpTarget(insn, pc) as number
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    const next = gotoTarget(insns, range, target)
    if (next === undefined || weights[target] !== 0 || !reaches(next - pc - 1)) break
    target = next
  }
  if (target !== jumpTarget(insn, pc)) insns[pc] = { ...insn, off: target - pc - 1 }
}

/** Where the goto at `pc` leads; undefined when there is none, or none that leads to a place. */
function gotoTarget(insns: readonly Insn[], { start, end }: CodeRange, pc: number): number | undefined {
  const insn = insns[pc]
  if (insn === undefined || !isGoto(insn)) return undefined
  const target = jumpTarget(insn, pc) as number
  return target >= start && target < end ? target : undefined
}

const reaches = (distance: number): boolean => distance >= -0x8000 && distance <= 0x7fff

function withTarget(insn: Insn, pc: number, target: number): Insn {
  if (target === jumpTarget(insn, pc)) return insn
  const distance = target - pc - 1
  return reaches(distance) ? BPF_JMP_A(distance) : BPF_JMP32_A(distance)
}

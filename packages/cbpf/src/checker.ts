import { ancillaryOf } from './ancillary-data.ts'
import { type ClassicInsn, misfit } from './classic-insn.ts'
import { BPF_MAXINSNS, BPF_MEMWORDS, SKF_AD_OFF } from './classic-opcodes.ts'
import { type ClassicInstructionRow, type ClassicRule, lookupClassic } from './instruction-table.ts'

/** Why a program is refused; the kernel tells only its errno. */
export type ClassicProblemReason =
  | 'length'
  | 'field'
  | 'opcode'
  | 'division-by-zero'
  | 'shift'
  | 'cell'
  | 'cell-not-written'
  | 'jump'
  | 'ancillary'
  | 'no-return'
  | 'translated-jump'

/** A refusal: data, not an error. */
export interface ClassicProblem {
  readonly errno: 'EINVAL'
  readonly reason: ClassicProblemReason
  /** The instruction; of `length` the first that is too many, or 0. */
  readonly pc: number
  readonly message: string
}

/**
 * Judges a program as the kernel does before it takes one as a socket filter.
 *
 * @returns undefined where it is accepted
 * @see bpf_check_classic in the kernel's net/core/filter.c
 */
export function checkClassic(insns: readonly ClassicInsn[]): ClassicProblem | undefined {
  if (insns.length === 0) return problem('length', 0, 'a program has at least one instruction')
  if (insns.length > BPF_MAXINSNS) {
    return problem('length', BPF_MAXINSNS, `a program has at most ${BPF_MAXINSNS} instructions, not ${insns.length}`)
  }
  for (const [pc, insn] of insns.entries()) {
    const found = checkInsn(insn, pc, insns.length)
    if (found !== undefined) return found
  }
  return checkEnd(insns) ?? checkCells(insns)
}

function problem(reason: ClassicProblemReason, pc: number, message: string): ClassicProblem {
  return { errno: 'EINVAL', reason, pc, message }
}

function checkInsn(insn: ClassicInsn, pc: number, length: number): ClassicProblem | undefined {
  const wrong = misfit(insn)
  if (wrong !== undefined) return problem('field', pc, `${wrong.field} is no integer from 0 to ${wrong.max}`)
  const row = lookupClassic(insn.code)
  if (row === undefined) return problem('opcode', pc, `no instruction has the code 0x${insn.code.toString(16)}`)
  return RULES[row.rule](insn, pc, length)
}

type Rule = (insn: ClassicInsn, pc: number, length: number) => ClassicProblem | undefined

const accept: Rule = () => undefined

const isCell: Rule = ({ k }, pc) =>
  k < BPF_MEMWORDS ? undefined : problem('cell', pc, `M[] has ${BPF_MEMWORDS} cells, none of number ${k}`)

const RULES: Readonly<Record<ClassicRule, Rule>> = {
  any: accept,
  nonzero: ({ k }, pc) => (k !== 0 ? undefined : problem('division-by-zero', pc, 'division by the constant 0')),
  shift: ({ k }, pc) => (k < 32 ? undefined : problem('shift', pc, `a shift by ${k}, of 32 bits`)),
  cell: isCell,
  written: isCell,
  target: ({ k }, pc, length) => (k < length - pc - 1 ? undefined : leaves(pc, pc + 1 + k)),
  branches: ({ jt, jf }, pc, length) => {
    const target = pc + 1 + Math.max(jt, jf)
    return target < length ? undefined : leaves(pc, target)
  },
  ancillary: ({ k }, pc) =>
    k < SKF_AD_OFF >>> 0 || ancillaryOf(k) !== undefined
      ? undefined
      : problem('ancillary', pc, `there is no ancillary data at ${k | 0}`),
}

function leaves(pc: number, target: number): ClassicProblem {
  return problem('jump', pc, `a jump to ${target}, past the last instruction`)
}

function checkEnd(insns: readonly ClassicInsn[]): ClassicProblem | undefined {
  const pc = insns.length - 1
  const kind = rowOf(insns[pc] as ClassicInsn).kind
  return kind === 'return' ? undefined : problem('no-return', pc, 'the last instruction is no return')
}

const rowOf = ({ code }: ClassicInsn): ClassicInstructionRow => lookupClassic(code) as ClassicInstructionRow

const ALL_WRITTEN = (1 << BPF_MEMWORDS) - 1

/**
 * No cell is read that was not written on every way there: M[] is not cleared. One pass is enough, for all jumps go
 * forward. Behind a jump that nothing leads past, everything counts as written; behind a return, what was written before.
 */
function checkCells(insns: readonly ClassicInsn[]): ClassicProblem | undefined {
  const writtenAt = new Uint16Array(insns.length).fill(ALL_WRITTEN)
  let written = 0
  for (const [pc, insn] of insns.entries()) {
    written &= writtenAt[pc] as number
    const { kind, rule } = rowOf(insn)
    const cell = 1 << insn.k
    if (kind === 'store') written |= cell
    else if (rule === 'written' && (written & cell) === 0) {
      return problem('cell-not-written', pc, `M[${insn.k}] is read before it is written`)
    } else if (kind === 'goto' || kind === 'jump') {
      for (const skipped of kind === 'goto' ? [insn.k] : [insn.jt, insn.jf]) {
        writtenAt[pc + 1 + skipped]! &= written
      }
      written = ALL_WRITTEN
    }
  }
  return undefined
}

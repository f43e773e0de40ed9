import type { ClassicInsn } from './classic-insn.ts'
import { lookupClassic } from './instruction-table.ts'

/** Instructions that are executed one after the other: a node of a program's control flow graph. */
export interface ClassicBlock {
  /** Of its first instruction, and behind its last. */
  readonly start: number
  readonly end: number
  /** Where it goes on: undefined where a comparison does not decide it, and where it returns. */
  readonly onTrue: number | undefined
  readonly onFalse: number | undefined
  /** Where it goes without a comparison. */
  readonly next: number | undefined
}

/**
 * The control flow graph of a program: its blocks in order, each named by the number of its first instruction. Targets past
 * the program, which the checker refuses, are told as they are.
 */
export function classicBlocks(insns: readonly ClassicInsn[]): ClassicBlock[] {
  const starts = [...leaders(insns)].filter((pc) => pc < insns.length).sort((a, b) => a - b)
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? insns.length
    return { start, end, ...waysOut(insns[end - 1] as ClassicInsn, end - 1, insns.length) }
  })
}

/** Instructions that jumps lead to, and those behind jumps and returns. */
function leaders(insns: readonly ClassicInsn[]): Set<number> {
  const found = new Set(insns.length === 0 ? [] : [0])
  insns.forEach((insn, pc) => {
    const { next, onTrue, onFalse } = waysOut(insn, pc, insns.length)
    if (onTrue === undefined && next === pc + 1 && !isGoto(insn)) return
    found.add(pc + 1)
    for (const target of [next, onTrue, onFalse]) if (target !== undefined) found.add(target)
  })
  return found
}

const isGoto = ({ code }: ClassicInsn): boolean => lookupClassic(code)?.kind === 'goto'

type WaysOut = Pick<ClassicBlock, 'onTrue' | 'onFalse' | 'next'>

function waysOut(insn: ClassicInsn, pc: number, length: number): WaysOut {
  const kind = lookupClassic(insn.code)?.kind
  const none = { onTrue: undefined, onFalse: undefined, next: undefined }
  if (kind === 'jump') return { ...none, onTrue: pc + 1 + insn.jt, onFalse: pc + 1 + insn.jf }
  // A jump back is a large unsigned number.
  if (kind === 'goto') return { ...none, next: (pc + 1 + insn.k) | 0 }
  return kind === 'return' || pc + 1 >= length ? none : { ...none, next: pc + 1 }
}

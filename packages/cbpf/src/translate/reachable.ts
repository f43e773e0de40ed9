import type { ClassicInsn } from '../classic-insn.ts'
import { lookupClassic } from '../instruction-table.ts'

/** Instructions that some way leads to, of a program that was checked. One pass: jumps only go forward. */
export function reachable(insns: readonly ClassicInsn[]): ReadonlySet<number> {
  const found = new Set([0])
  for (const [pc, insn] of insns.entries()) {
    if (!found.has(pc)) continue
    for (const next of successors(insn, pc)) found.add(next)
  }
  return found
}

function successors({ code, jt, jf, k }: ClassicInsn, pc: number): readonly number[] {
  const kind = lookupClassic(code)?.kind
  if (kind === 'return') return []
  if (kind === 'goto') return [pc + 1 + k]
  return kind === 'jump' ? [pc + 1 + jt, pc + 1 + jf] : [pc + 1]
}

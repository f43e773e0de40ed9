import { type Insn, lookupInsn } from '@bpfoundry/isa'
import type { ProgramSpec } from '@bpfoundry/loader'
import type { Rejection } from '@bpfoundry/verifier'
import { insnText, lineAt, lineOf } from './program-lines.ts'

/** A line of the source on the way to a refusal, or an instruction where the object has no lines. */
export interface PathLine {
  /** First slot of the line that the path went through. */
  readonly pc: number
  readonly file?: string
  readonly line?: number
  readonly text: string
  /** Where the path left the line by a decision: the slots of those that jumped. */
  readonly jumpedAt: readonly number[]
}

/** A refusal, told for people: where, what the registers held, how the program came there, and what would mend it. */
export interface Explanation {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly pc?: number
  readonly insn?: string
  readonly source?: { readonly file: string; readonly line: number; readonly column: number; readonly text: string }
  readonly operands: readonly { readonly register: number; readonly value: string }[]
  /** The refused path, the entry first; of a long one the end. */
  readonly path: readonly PathLine[]
}

/** Lines of a path that are told. */
const MOST_LINES = 40

/** Explains why `spec` was refused. */
export function explain(spec: ProgramSpec, rejection: Rejection): Explanation {
  const { code, message, hint, pc, operands = [], path = [] } = rejection
  return {
    code,
    message: message.trimEnd().replaceAll('\n', '; '),
    ...(hint === undefined ? {} : { hint }),
    ...(pc === undefined ? {} : { pc, insn: insnText(spec, pc), ...sourceAt(spec, pc) }),
    operands,
    path: pathLines(spec, path),
  }
}

function sourceAt(spec: ProgramSpec, pc: number): Pick<Explanation, 'source'> {
  const entry = lineAt(spec, pc)
  if (entry === undefined) return {}
  const { file, line, column, text } = entry
  return { source: { file, line, column, text: text.trim() } }
}

/** Slots of a path as lines: a new one where the line changes, or comes round again by a jump backwards. */
function pathLines(spec: ProgramSpec, slots: readonly number[]): PathLine[] {
  const lines: (PathLine & { readonly jumpedAt: number[] })[] = []
  let shown = ''
  slots.forEach((pc, index) => {
    const { key, ...told } = lineOf(spec, pc)
    const isBackwards = index > 0 && pc < (slots[index - 1] as number)
    if (key !== shown || isBackwards) lines.push({ pc, ...told, jumpedAt: [] })
    shown = key
    const next = slots[index + 1]
    if (isDecision(spec.insns[pc]) && next !== undefined && next !== pc + 1) lines.at(-1)?.jumpedAt.push(pc)
  })
  return lines.slice(-MOST_LINES)
}

function isDecision(insn: Insn | undefined): boolean {
  return insn !== undefined && lookupInsn(insn)?.kind === 'jump'
}

import { type Insn, lookupInsn } from '@bpfoundry/isa'
import type { ProgramSpec } from '@bpfoundry/loader'
import type { RefusedPath, Rejection, TracedValue } from '@bpfoundry/verifier'
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
  /** Values made here that the refused instruction depends on. */
  readonly values: readonly Omit<TracedValue, 'pc'>[]
}

/** How the path that is told was found. */
export interface PathOrigin {
  /** No path to the refusal has fewer instructions. Otherwise it is the first that was refused. */
  readonly isShortest: boolean
  /** Instructions of the whole path. */
  readonly insns: number
  /** Instructions followed in search of it. */
  readonly followed: number
  /** The search was ended by its bound. */
  readonly isCut: boolean
  /** Lines of the beginning that are left out. */
  readonly linesLeftOut: number
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
  /** Absent where there is no path. */
  readonly found?: PathOrigin
}

/** Lines of a path that are told. */
const MOST_LINES = 40

/** Explains why `spec` was refused. @param shortest where a path was searched; else the first one is told */
export function explain(spec: ProgramSpec, rejection: Rejection, shortest?: RefusedPath): Explanation {
  const { code, message, hint, pc, operands = [] } = rejection
  const { path, found } = pathOf(spec, rejection, shortest)
  return {
    code,
    message: message.trimEnd().replaceAll('\n', '; '),
    ...(hint === undefined ? {} : { hint }),
    ...(pc === undefined ? {} : { pc, insn: insnText(spec, pc), ...sourceAt(spec, pc) }),
    operands,
    path,
    ...(found === undefined ? {} : { found }),
  }
}

function pathOf(
  spec: ProgramSpec,
  { path: first = [] }: Rejection,
  shortest: RefusedPath | undefined,
): Pick<Explanation, 'path' | 'found'> {
  const slots = shortest?.path ?? first
  if (slots.length === 0) return { path: [] }
  const lines = pathLines(spec, slots)
  addValues(spec, lines, shortest?.values ?? [])
  const { followed = 0, isCut = false } = shortest ?? {}
  const linesLeftOut = Math.max(0, lines.length - MOST_LINES)
  return {
    path: lines.slice(-MOST_LINES),
    found: { isShortest: shortest?.path !== undefined, insns: slots.length, followed, isCut, linesLeftOut },
  }
}

function sourceAt(spec: ProgramSpec, pc: number): Pick<Explanation, 'source'> {
  const entry = lineAt(spec, pc)
  if (entry === undefined) return {}
  const { file, line, column, text } = entry
  return { source: { file, line, column, text: text.trim() } }
}

/** Slots of a path as lines: a new one where the line changes, or comes round again by a jump backwards. */
function pathLines(spec: ProgramSpec, slots: readonly number[]): GrowingLine[] {
  const lines: GrowingLine[] = []
  let shown = ''
  slots.forEach((pc, index) => {
    const { key, ...told } = lineOf(spec, pc)
    const isBackwards = index > 0 && pc < (slots[index - 1] as number)
    if (key !== shown || isBackwards) lines.push({ pc, ...told, jumpedAt: [], values: [] })
    shown = key
    const next = slots[index + 1]
    if (isDecision(spec.insns[pc]) && next !== undefined && next !== pc + 1) lines.at(-1)?.jumpedAt.push(pc)
  })
  return lines
}

type GrowingLine = PathLine & { readonly jumpedAt: number[]; readonly values: Omit<TracedValue, 'pc'>[] }

/** Values are told at the last time that the path came through their line; from the last one backwards. */
function addValues(spec: ProgramSpec, lines: readonly GrowingLine[], values: readonly TracedValue[]): void {
  let at = lines.length - 1
  for (const { pc, place, value } of [...values].reverse()) {
    const { key } = lineOf(spec, pc)
    const index = lines.findLastIndex((line, position) => position <= at && lineOf(spec, line.pc).key === key)
    if (index < 0) continue
    lines[index]?.values.unshift({ place, value })
    at = index
  }
}

function isDecision(insn: Insn | undefined): boolean {
  return insn !== undefined && lookupInsn(insn)?.kind === 'jump'
}

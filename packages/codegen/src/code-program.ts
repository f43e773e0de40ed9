import { BPF_EXIT_INSN, fallsThrough, type Insn, insnSlots, subprogTarget } from '@bpfoundry/isa'
import { CodegenError } from './codegen-error.ts'
import type { Weights } from './weights.ts'

/** One function: slots `start` up to, not including, `end`. What an engine's `Subprogram` has more is kept as it is. */
export interface CodeRange {
  readonly start: number
  readonly end: number
  /** Made by a fix-up: its instructions are not counted, and its frame is a hidden one. */
  readonly hidden?: boolean
}

/** What this package looks at of a program: an engine's image, or its inlined form, is one. */
export interface CodeProgram {
  readonly insns: readonly Insn[]
  /** In order of `start`, covering the program without gaps; the first is the entry. May be empty: then calls tell. */
  readonly subprograms: readonly CodeRange[]
  /** What each slot counts, where the program was rewritten before; else each instruction that is not hidden counts 1. */
  readonly weights?: Weights
}

/**
 * The subprograms of a program, whole and in order: those it names, and, where a call or a function's address leads
 * elsewhere, what begins there. Verified programs name all of theirs; test vectors may name none.
 *
 * @throws CodegenError CODEGEN_EMPTY, CODEGEN_SUBPROGRAM, CODEGEN_JUMP
 */
export function subprogramsOf(program: CodeProgram): readonly CodeRange[] {
  const { insns, subprograms } = program
  if (insns.length === 0) throw new CodegenError({ code: 'CODEGEN_EMPTY', message: 'program without instructions' })
  const named = subprograms.length > 0 ? subprograms : [{ start: 0, end: insns.length }]
  requireCover(named, insns.length)
  const starts = unnamedStarts(insns, named)
  return starts.length === 0 ? named : named.flatMap((range) => splitAt(range, starts))
}

/** Subprograms must tile the program: every slot belongs to one. */
function requireCover(ranges: readonly CodeRange[], slots: number): void {
  let expected = 0
  for (const { start, end } of ranges) {
    if (start !== expected || end <= start || end > slots) badRange(start, end, expected)
    expected = end
  }
  if (expected !== slots) badRange(expected, slots, slots)
}

function badRange(start: number, end: number, expected: number): never {
  throw new CodegenError({
    code: 'CODEGEN_SUBPROGRAM',
    message: 'subprograms do not cover the program one after the other',
    where: { pc: start },
    got: `slots ${start} to ${end}`,
    expected: `a subprogram from slot ${expected} on`,
  })
}

/** Where calls lead that no subprogram begins, in order. */
function unnamedStarts(insns: readonly Insn[], named: readonly CodeRange[]): readonly number[] {
  const found = new Set<number>()
  for (let pc = 0; pc < insns.length; ) {
    const insn = insns[pc] as Insn
    const target = subprogTarget(insn, pc)
    if (target !== undefined) {
      if (target < 0 || target >= insns.length) badCall(pc, target)
      if (!named.some(({ start }) => start === target)) found.add(target)
    }
    pc += insnSlots(insn)
  }
  return [...found].sort((a, b) => a - b)
}

function badCall(pc: number, target: number): never {
  const message = 'call out of the program'
  throw new CodegenError({ code: 'CODEGEN_JUMP', message, where: { pc }, got: `slot ${target}` })
}

function splitAt(range: CodeRange, starts: readonly number[]): readonly CodeRange[] {
  const inside = starts.filter((start) => start > range.start && start < range.end)
  const bounds = [range.start, ...inside, range.end]
  return bounds.slice(1).map((end, index) => ({ ...range, start: bounds[index] as number, end }))
}

/**
 * A program whose last instruction does not go on to what lies behind: where it would, an exit is added. No flow of a
 * program that ran without a fault reaches it; but some of the kernel's test vectors end so, in what nothing reaches.
 */
export function closedProgram(program: CodeProgram): CodeProgram {
  const { insns, subprograms, weights } = program
  const last = insns.at(-1)
  if (last === undefined || !fallsThrough(last)) return program
  const grown = subprograms.map((range) => (range.end === insns.length ? { ...range, end: insns.length + 1 } : range))
  const closed = { insns: [...insns, BPF_EXIT_INSN()], subprograms: grown }
  return weights === undefined
    ? closed
    : { ...closed, weights: Uint32Array.from({ length: insns.length + 1 }, (_, pc) => weights[pc] ?? 0) }
}

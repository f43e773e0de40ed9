import type { InlinedProgram, Subprogram } from '@bpfoundry/engine'
import {
  BPF_B,
  BPF_EXIT_INSN,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_REG_0,
  BPF_REG_5,
  BPF_REG_10,
  type Insn,
  type InstructionRow,
  insnSlots,
  jumpTarget,
  lookupInsn,
  registersWritten,
  subprogTarget,
} from '@bpfoundry/isa'
import { Routine } from './routine.ts'

/**
 * How far an address is from what a packet's own data tell, by register: 0 for constants, context, packet and stack; 1
 * for what is worked out of a look-up's key (the head of a hash chain, an element of an array); 2 for what was loaded
 * from there (an element of a chain), and so on. Joins take the larger.
 */
export type Ranks = readonly number[]

const REGISTERS = 12
export const NO_RANKS: Ranks = new Array<number>(REGISTERS).fill(0)

/** What becomes of an instruction in a slice. */
type Step =
  | { readonly do: 'keep' }
  /** Reads a byte where the instruction would go to memory, and ends. */
  | { readonly do: 'touch'; readonly base: number; readonly off: number }
  | { readonly do: 'end' }
  | { readonly do: 'call'; readonly callee: Slice; readonly ends: boolean }

const KEEP: Step = { do: 'keep' }
const END: Step = { do: 'end' }

/** Which kinds of instructions have no effect but on registers. */
const PURE: ReadonlySet<string> = new Set(['alu', 'neg', 'movsx', 'swap', 'ld_imm64', 'jump', 'goto', 'nospec', 'exit'])

const END_INSNS: readonly Insn[] = [BPF_MOV64_IMM(BPF_REG_0, 0), BPF_EXIT_INSN()]

/** A load into a register that nobody reads, which back ends may make a prefetch of. */
function touch(base: number, off: number): readonly Insn[] {
  return [BPF_LDX_MEM(BPF_B, BPF_REG_5, base, off), ...END_INSNS]
}

/** The program that is sliced, and at what rank memory is touched. */
export interface SliceTask {
  readonly program: InlinedProgram
  readonly rank: number
  /** Name of the entry's slice; those of callees begin with it. */
  readonly name: string
}

/**
 * A prefix of a function that has no effects: it loads, computes, stores to its own stack frame, and ends before
 * anything else would happen. Run ahead of the function it takes the way that the function would take now, and touches
 * the memory that it would go to first.
 *
 * It is safe wherever the function is: each of its loads is one that the function itself would do in the same state,
 * and the verifier accepted those.
 */
export class Slice {
  readonly name: string
  /** Whether it touches anything, itself or in what it calls. */
  touches = false
  /** Whether it ends somewhere short of the function's own end. */
  endsEarly = false
  /** Of r0 where the function ends; undefined when the slice never comes there. */
  resultRank: number | undefined
  readonly #task: SliceTask
  readonly #function: Subprogram
  readonly #isEntry: boolean
  readonly #before: (number[] | undefined)[]
  readonly #steps: (Step | undefined)[]

  /** @param name unique among the slices of a task */
  constructor(task: SliceTask, of: Subprogram, ranks: Ranks, name: string = task.name) {
    this.#task = task
    this.#function = of
    this.#isEntry = of === task.program.subprograms[0]
    this.name = name
    this.#before = new Array(of.end - of.start).fill(undefined)
    this.#steps = new Array(of.end - of.start).fill(undefined)
    this.#before[0] = [...ranks]
    // Only forward jumps are followed: one pass in the order of the slots sees every way in before the instruction.
    for (let pc = of.start; pc < of.end; pc += insnSlots(this.#insn(pc))) this.#visit(pc)
  }

  /** This slice and those that it calls. */
  get functions(): readonly Slice[] {
    const callees = this.#steps.flatMap((step) => (step?.do === 'call' ? step.callee.functions : []))
    return [this, ...callees]
  }

  /** Its instructions; calls are of slices' names. */
  routine(): Routine {
    const routine = new Routine()
    const { start, end } = this.#function
    for (let pc = start; pc < end; pc++) {
      routine.label(`${pc}`)
      const step = this.#steps[pc - start]
      if (step?.do === 'keep') this.#keep(routine, pc)
      else if (step?.do === 'touch') routine.add(...touch(step.base, step.off))
      else if (step?.do === 'call') this.#call(routine, step.callee, step.ends)
      // What is never reached becomes nothing, what ends an exit.
      else if (step?.do === 'end') routine.add(...END_INSNS)
      if (step !== undefined && insnSlots(this.#insn(pc)) === 2) pc++
    }
    return routine
  }

  #keep(routine: Routine, pc: number): void {
    const insn = this.#insn(pc)
    const target = jumpTarget(insn, pc)
    if (target === undefined) routine.add(insn)
    else routine.jump(`${target}`, insn)
    if (insnSlots(insn) === 2) routine.add(this.#insn(pc + 1))
  }

  #call(routine: Routine, callee: Slice, ends: boolean): void {
    routine.call(callee.name)
    if (ends) routine.add(...END_INSNS)
  }

  #insn(pc: number): Insn {
    return this.#task.program.insns[pc] as Insn
  }

  #visit(pc: number): void {
    const before = this.#before[pc - this.#function.start]
    if (before === undefined) return
    const insn = this.#insn(pc)
    const row = lookupInsn(insn)
    const step = row === undefined ? END : this.#stepOf(row, insn, pc, before)
    this.#steps[pc - this.#function.start] = step
    if (step.do === 'touch') this.touches = true
    if (step.do === 'end' || step.do === 'touch' || (step.do === 'call' && step.ends)) {
      this.endsEarly = true
    } else if (row?.kind === 'exit') {
      this.resultRank = Math.max(this.resultRank ?? 0, before[BPF_REG_0] as number)
    } else {
      this.#flow(pc, insn, row as InstructionRow, this.#after(step, row as InstructionRow, insn, before))
    }
  }

  #stepOf(row: InstructionRow, insn: Insn, pc: number, before: Ranks): Step {
    const target = jumpTarget(insn, pc)
    if (target !== undefined && target <= pc) return END
    if (PURE.has(row.kind) || row.operation === 'percpu') return KEEP
    // An acquiring load reads a lock word: there are few of those, and they are near.
    if (row.kind === 'load_acq') return KEEP
    if (row.kind === 'load') return this.#touchOr(KEEP, insn.src, insn.off, before)
    if (row.kind === 'store') return this.#touchOr(insn.dst === BPF_REG_10 ? KEEP : END, insn.dst, insn.off, before)
    if (row.kind === 'atomic') return this.#touchOr(END, insn.dst, insn.off, before)
    return row.operation === 'subprog' ? this.#callOf(pc, subprogTarget(insn, pc) as number, before) : END
  }

  #touchOr(otherwise: Step, base: number, off: number, before: Ranks): Step {
    return (before[base] as number) >= this.#task.rank ? { do: 'touch', base, off } : otherwise
  }

  /** Inlined helpers are followed, from the program's entry. */
  #callOf(pc: number, target: number, before: Ranks): Step {
    const callee = this.#task.program.subprograms.find(({ start }) => start === target)
    if (!this.#isEntry || callee?.hidden !== true) return END
    const slice = new Slice(this.#task, callee, before, `${this.name} at ${pc}: ${callee.name}`)
    this.touches ||= slice.touches
    return { do: 'call', callee: slice, ends: slice.endsEarly || slice.resultRank === undefined }
  }

  /** Ranks behind an instruction that goes on. */
  #after(step: Step, row: InstructionRow, insn: Insn, before: Ranks): number[] {
    const after = [...before]
    const set = (rank: number): void => {
      const written = registersWritten(row, insn)
      for (let register = 0; register < REGISTERS; register++) if (written & (1 << register)) after[register] = rank
    }
    if (step.do === 'call') {
      set(0)
      after[BPF_REG_0] = step.callee.resultRank ?? 0
    } else if (row.kind === 'load_acq') set(0)
    else if (row.kind === 'load') set(this.#loaded(before[insn.src] as number))
    else set(rankOfOperands(row, insn, before))
    return after
  }

  /** The entry's own loads are of context, packet and stack; a look-up loads its key from there. */
  #loaded(baseRank: number): number {
    return baseRank === 0 && this.#isEntry ? 0 : baseRank + 1
  }

  #flow(pc: number, insn: Insn, { kind }: InstructionRow, ranks: Ranks): void {
    const target = jumpTarget(insn, pc)
    if (target !== undefined) this.#join(target, ranks)
    if (kind !== 'goto') this.#join(pc + insnSlots(insn), ranks)
  }

  #join(pc: number, ranks: Ranks): void {
    const at = pc - this.#function.start
    const there = this.#before[at]
    this.#before[at] = there === undefined ? [...ranks] : there.map((rank, n) => Math.max(rank, ranks[n] as number))
  }
}

/** Largest rank among what an arithmetic instruction reads. */
function rankOfOperands(row: InstructionRow, { dst, src }: Insn, before: Ranks): number {
  const ofDst = row.dst === 'rw' ? (before[dst] as number) : 0
  const ofSrc = row.src === 'r' || row.src === 'rw' ? (before[src] as number) : 0
  return Math.max(ofDst, ofSrc)
}

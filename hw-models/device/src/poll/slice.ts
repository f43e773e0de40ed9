import type { InlinedProgram, Subprogram } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_EXIT_INSN,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_REG_0,
  BPF_REG_10,
  type Insn,
  type InstructionRow,
  insnSlots,
  isExit,
  jumpTarget,
  lookupInsn,
  registersWritten,
  subprogTarget,
} from '@bpfoundry/isa'
import { computedRank, type Rank } from './address-rank.ts'
import { Routine } from './routine.ts'

const REGISTERS = 12
/** Of each register, at a program's entry. */
export const NOTHING_KNOWN: readonly Rank[] = new Array<Rank>(REGISTERS).fill(0)

/** What becomes of an instruction in a slice. */
type Step =
  | { readonly do: 'keep' }
  /** Answers where the instruction would go to memory. */
  | { readonly do: 'touch'; readonly base: number; readonly off: number }
  | { readonly do: 'end' }
  | { readonly do: 'call'; readonly callee: Slice; readonly ends: boolean }

const KEEP: Step = { do: 'keep' }
const END: Step = { do: 'end' }

/** Which kinds of instructions have no effect but on registers. */
const PURE: ReadonlySet<string> = new Set(['alu', 'neg', 'movsx', 'swap', 'ld_imm64', 'jump', 'goto', 'nospec', 'exit'])

/** Answers that there is no address. */
const END_INSNS: readonly Insn[] = [BPF_MOV64_IMM(BPF_REG_0, 0), BPF_EXIT_INSN()]

/** Answers an address. */
function touch(base: number, off: number): readonly Insn[] {
  return [BPF_MOV64_REG(BPF_REG_0, base), BPF_ALU64_IMM(BPF_ADD, BPF_REG_0, off), BPF_EXIT_INSN()]
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
 * anything else would happen. Run ahead of the function it takes the way that the function would take now, and answers
 * the address of the memory that it would go to first, or 0.
 *
 * It is safe wherever the function is: each of its loads is one that the function itself would do in the same state,
 * and the verifier accepted those.
 */
export class Slice {
  readonly name: string
  /** Whether it ever answers an address, its own or that of what it calls. */
  touches = false
  /** Whether a look-up in it comes to an answer before it touches anything: where elements lie at their key's place. */
  answers = false
  /** Whether it ends somewhere short of the function's own end. */
  endsEarly = false
  /** Of r0 where the function ends; undefined when the slice never comes there. */
  resultRank: Rank | undefined
  readonly #task: SliceTask
  readonly #function: Subprogram
  readonly #isEntry: boolean
  readonly #before: (readonly Rank[] | undefined)[]
  readonly #steps: (Step | undefined)[]

  /** @param name unique among the slices of a task */
  constructor(task: SliceTask, of: Subprogram, ranks: readonly Rank[], name: string = task.name) {
    this.#task = task
    this.#function = of
    this.#isEntry = of === task.program.subprograms[0]
    this.name = name
    this.#before = new Array(of.end - of.start).fill(undefined)
    this.#steps = new Array(of.end - of.start).fill(undefined)
    this.#before[0] = ranks
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
    // What the function itself answers is no address for whoever asks for one.
    if (isExit(insn) && (this.#isEntry || this.endsEarly)) {
      routine.add(...END_INSNS)
      return
    }
    const target = jumpTarget(insn, pc)
    if (target === undefined) routine.add(insn)
    else routine.jump(`${target}`, insn)
    if (insnSlots(insn) === 2) routine.add(this.#insn(pc + 1))
  }

  #call(routine: Routine, callee: Slice, ends: boolean): void {
    routine.call(callee.name)
    if (ends) routine.add(BPF_EXIT_INSN())
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
      this.resultRank = Math.max(this.resultRank ?? 0, before[BPF_REG_0] as Rank)
    } else {
      this.#flow(pc, insn, row as InstructionRow, this.#after(step, row as InstructionRow, insn, before))
    }
  }

  #stepOf(row: InstructionRow, insn: Insn, pc: number, before: readonly Rank[]): Step {
    const target = jumpTarget(insn, pc)
    if (target !== undefined && target <= pc) return END
    if (PURE.has(row.kind) || row.operation === 'percpu') return KEEP
    if (row.kind === 'load' || row.kind === 'load_acq') return this.#touchOr(KEEP, insn.src, insn.off, before)
    if (row.kind === 'store') return this.#touchOr(insn.dst === BPF_REG_10 ? KEEP : END, insn.dst, insn.off, before)
    if (row.kind === 'atomic') return this.#touchOr(END, insn.dst, insn.off, before)
    return row.operation === 'subprog' ? this.#callOf(pc, subprogTarget(insn, pc) as number, before) : END
  }

  #touchOr(otherwise: Step, base: number, off: number, before: readonly Rank[]): Step {
    return (before[base] as Rank) >= this.#task.rank ? { do: 'touch', base, off } : otherwise
  }

  /** Inlined helpers are followed, from the program's entry. */
  #callOf(pc: number, target: number, before: readonly Rank[]): Step {
    const callee = this.#task.program.subprograms.find(({ start }) => start === target)
    if (!this.#isEntry || callee?.hidden !== true) return END
    const slice = new Slice(this.#task, callee, before, `${this.name} at ${pc}: ${callee.name}`)
    this.touches ||= slice.touches
    this.answers ||= (slice.resultRank ?? 0) > 0
    return { do: 'call', callee: slice, ends: slice.endsEarly || slice.resultRank === undefined }
  }

  /** What is known behind an instruction that goes on. */
  #after(step: Step, row: InstructionRow, insn: Insn, before: readonly Rank[]): readonly Rank[] {
    const written = registersWritten(row, insn)
    const result = this.#resultOf(step, row, insn, before)
    const after = before.map((rank, register) => (written & (1 << register) ? result : rank))
    if (step.do === 'call') after[BPF_REG_0] = step.callee.resultRank ?? 0
    return after
  }

  #resultOf(step: Step, row: InstructionRow, insn: Insn, before: readonly Rank[]): Rank {
    if (step.do === 'call' || row.kind === 'ld_imm64') return 0
    if (row.kind === 'load' || row.kind === 'load_acq') return this.#loaded(before[insn.src] as Rank)
    return computedRank(row, insn, before)
  }

  /** The entry's own loads are of context, packet and stack; a look-up loads its key from there. */
  #loaded(baseRank: Rank): Rank {
    return baseRank === 0 && this.#isEntry ? 0 : baseRank + 1
  }

  #flow(pc: number, insn: Insn, { kind }: InstructionRow, ranks: readonly Rank[]): void {
    const target = jumpTarget(insn, pc)
    if (target !== undefined) this.#join(target, ranks)
    if (kind !== 'goto') this.#join(pc + insnSlots(insn), ranks)
  }

  #join(pc: number, ranks: readonly Rank[]): void {
    const at = pc - this.#function.start
    const there = this.#before[at]
    this.#before[at] = there === undefined ? ranks : there.map((rank, n) => Math.max(rank, ranks[n] as Rank))
  }
}

import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import type { ProgArrayLayout } from '@bpfoundry/engine'
import { type Insn, insnSlots } from '@bpfoundry/isa'
import type { FunctionFacts, ProgramFacts } from './analysis/program-facts.ts'
import { Assembler } from './asm/assembler.ts'
import { Branches, type Label } from './asm/branches.ts'
import { form } from './asm/form.ts'
import { NONE, type Register } from './asm/register.ts'
import type { Abi, X86Features } from './options.ts'
import { CONTEXT, COUNTER, REGISTER_MAP } from './register-map.ts'

/** Where executed instructions are counted: nowhere, in {@link COUNTER}, or in the context right away. */
export type Counting = 'none' | 'register' | 'memory'

/** What lowerings need to know of the program at hand. */
export interface Job {
  readonly insns: readonly Insn[]
  readonly facts: ProgramFacts
  readonly features: X86Features
  readonly abi: Abi
  readonly progArray: ProgArrayLayout
  readonly counting: Counting
  /** Registers of the caller that the code changes. */
  readonly saved: readonly Register[]
  /** Whether the entry function ends the run itself, saving a call. */
  readonly direct: boolean
}

const ADD_IMM8 = form('ADD r/m64, imm8')
const ADD_IMM32 = form('ADD r/m64, imm32')
const ADD_TO = form('ADD r/m64, r64')

/** The code in the making and the program it is made of: what lowerings write to and ask. */
export class Emitter {
  readonly asm: Assembler = new Assembler()
  readonly branches: Branches = new Branches(this.asm)
  job!: Job
  /** The function that is being translated. */
  fn!: FunctionFacts
  /** Label of the code that ends the run, and whether it is there: of a direct program's exits. */
  end: Label = 0
  endWritten = false
  /** Label of slot 0; those of the others follow. */
  #slots: Label = 0
  /** Label of the first function's entry; those of the others follow in the order of {@link ProgramFacts.functions}. */
  #entries: Label = 0

  /** Makes ready for a program. */
  begin(job: Job): void {
    this.asm.buffer.reset()
    this.branches.reset()
    this.job = job
    this.#slots = this.branches.newLabels(job.insns.length)
    this.end = this.branches.newLabels(1)
    this.endWritten = false
    this.#entries = this.branches.newLabels(job.facts.functions.length)
  }

  /** Label of the instruction at a slot. */
  slot(pc: number): Label {
    return this.#slots + pc
  }

  /** Label of a function, which begins before its first instruction. */
  entry(fn: FunctionFacts): Label {
    return this.#entries + this.job.facts.functions.indexOf(fn)
  }

  newLabel(): Label {
    return this.branches.newLabels(1)
  }

  /** Whether the entry function is at hand. */
  get inMain(): boolean {
    return this.fn === this.job.facts.functions[0]
  }

  /** Words on the machine's stack in a function, above what a call site pushes. */
  get frameWords(): number {
    return this.job.facts.budgeted ? 1 : 0
  }

  /** Registers that are read on some way behind the instruction at `pc`, which is no jump. */
  liveBehind(pc: number): number {
    const { live, cfg } = this.fn
    return live[pc + insnSlots(this.job.insns[pc]!) - cfg.range.start] ?? 0
  }

  /** Whether Rn is read on some way behind the instruction at `pc`. */
  isLiveBehind(pc: number, n: number): boolean {
    return (this.liveBehind(pc) & (1 << n)) !== 0
  }

  /** Counts `n` instructions. */
  count(n: number): void {
    if (this.job.counting === 'register') this.asm.ri(n <= 127 ? ADD_IMM8 : ADD_IMM32, COUNTER, n)
    else if (this.job.counting === 'memory') this.addToContext(NATIVE_CONTEXT.executedInsns, n)
  }

  /** Writes what the register has counted to the context. */
  flushCount(): void {
    if (this.job.counting === 'register') {
      this.asm.rm(ADD_TO, COUNTER, CONTEXT, NONE, NATIVE_CONTEXT.executedInsns)
    }
  }

  /** A field of the context += n. */
  addToContext(offsetBytes: number, n: number): void {
    this.asm.mi(n <= 127 ? ADD_IMM8 : ADD_IMM32, CONTEXT, NONE, offsetBytes, n)
  }
}

/** The x86 register of Rn; AX is R11 of BPF. */
export function registerOf(n: number): Register {
  return REGISTER_MAP[n] as Register
}

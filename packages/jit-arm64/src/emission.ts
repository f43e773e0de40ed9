import type { CodeRange, Label, MachineBuffer, Patch } from '@bpfoundry/codegen'
import type { Insn, InstructionRow } from '@bpfoundry/isa'
import { b, bCond, bl, cbnz, cbz, tbnz, tbz } from './asm/branches.ts'
import { type Condition, invert } from './asm/condition.ts'
import { add, sub } from './asm/data-processing-register.ts'
import { type Register, type Width, X } from './asm/registers.ts'
import { IMM14, IMM19, IMM26 } from './branch-patches.ts'
import { addConstant } from './constants.ts'
import { HostAddresses } from './host-addresses.ts'
import { Liveness } from './liveness.ts'
import { EXECUTED, FRAME, FRAME_VALUE, MEMORY, R10, registerOf } from './register-map.ts'

/**
 * What one BPF slot becomes at most, with a margin (the longest is a tail call). Slots between a branch and its target
 * times this bound their distance, so that the form of a branch is known when it is written.
 */
export const MAX_SLOT_BYTES = 96
const NEAR_SLOTS = Math.floor(2 ** 20 / MAX_SLOT_BYTES) - 2
const NEAR_BIT_SLOTS = Math.floor(2 ** 15 / MAX_SLOT_BYTES) - 2
const NONE = -1
/** From a branch over the one behind it. */
const SKIP_BYTES = 8

/** What calls of a subprogram must save for the caller. */
export interface Callee {
  /** BPF registers of r6..r9 that it, or what it tail calls, may write. Bit mask. */
  readonly clobbers: number
  readonly usesFrame: boolean
  readonly usesTurns: boolean
  /** Made by a fix-up: not counted. */
  readonly hidden: boolean
}

/** Facts on the program that lowerings ask for. */
export interface ProgramFacts {
  readonly insns: readonly Insn[]
  /** By slot; undefined in the second slot of an LD_IMM64. */
  readonly rows: readonly (InstructionRow | undefined)[]
  /** By slot: 1 where something jumps to, or a subprogram begins. */
  readonly isTarget: Uint8Array
  /** By slot where a subprogram begins. */
  readonly callees: ReadonlyMap<number, Callee>
  /** BPF registers that some instruction reads, and those of r6..r9 that some writes. Bit masks. */
  readonly reads: number
  readonly clobbers: number
  /** BPF registers that may be read before they are set. Bit mask. */
  readonly unset: number
  readonly usesFrame: boolean
  readonly usesTurns: boolean
  readonly hasTailCall: boolean
}

/** What the code may use, and what it must do besides. */
export interface EmissionOptions {
  /** FEAT_LSE: atomics in one instruction. */
  readonly lse: boolean
  readonly count: boolean
  readonly maxEntriesOffsetBytes: number
  readonly slotsOffsetBytes: number
}

/** The code of one program in the making: what lowerings write to, with what they must know of the place. */
export class Emission {
  readonly code: MachineBuffer
  readonly facts: ProgramFacts
  readonly options: EmissionOptions
  readonly hostAddresses: HostAddresses = new HostAddresses()
  /** Entries of the code that calls helpers; with and without counting it. */
  readonly callHelper: Label
  readonly callHelperCounted: Label
  /** Entry of the code that takes over what a helper left. */
  readonly afterHelper: Label
  usesHelpers = false
  /** Slot of the instruction at hand. */
  pc = 0
  /** In a subprogram that a fix-up made. */
  hidden = false
  readonly #slots: Label
  #uncounted = 0
  /** A BPF register that is read from another A64 register than its own: its copy was left out. */
  #aliased = NONE
  #alias: Register = 0
  readonly #liveness: Liveness
  /** x23 holds R10 as a guest address: around an instruction that writes R10, which no verified program has. */
  #frameIsGuest = false

  constructor(code: MachineBuffer, facts: ProgramFacts, options: EmissionOptions) {
    this.code = code
    this.facts = facts
    this.options = options
    this.callHelper = code.newLabel()
    this.callHelperCounted = code.newLabel()
    this.afterHelper = code.newLabel()
    this.#slots = code.newLabels(facts.insns.length)
    this.#liveness = new Liveness(facts.insns)
  }

  /** Whether instructions here are counted: the program's own, not those of hidden subprograms. */
  get counting(): boolean {
    return this.options.count && !this.hidden
  }

  put(word: number): void {
    this.code.u32(word)
  }

  /** Begins the code of the instruction at `pc`, which stands for `weight` executed ones. */
  begin(pc: number, weight: number): void {
    this.pc = pc
    this.code.bind(this.labelOf(pc))
    this.#uncounted += weight
  }

  /** Begins the code of a subprogram. */
  enter(range: CodeRange): void {
    this.hidden = range.hidden === true
    this.#liveness.enter(range)
  }

  /** False where no way on from behind the instruction at `pc` reads the register before it is written. */
  isLiveBehind(pc: number, bpf: number): boolean {
    return this.#liveness.isLiveBefore(pc + 1, bpf)
  }

  labelOf(slot: number): Label {
    return this.#slots + slot
  }

  /** Adds what ran since the last time: before every branch, call and place that is jumped to. */
  flushCount(): void {
    if (this.#uncounted === 0) return
    addConstant(this.code, X, EXECUTED, EXECUTED, this.#uncounted)
    this.#uncounted = 0
  }

  /** The A64 register of a BPF register that the instruction writes. */
  register(bpf: number): Register {
    return registerOf(bpf)
  }

  /** An A64 register with the value of a BPF register. */
  source(bpf: number): Register {
    if (bpf === this.#aliased) return this.#alias
    if (bpf !== R10 || this.#frameIsGuest) return registerOf(bpf)
    this.put(sub(X, FRAME_VALUE, FRAME, MEMORY))
    return FRAME_VALUE
  }

  /** Lets `lower` read a BPF register from another A64 register. */
  withAlias(bpf: number, register: Register, lower: () => void): void {
    this.#aliased = bpf
    this.#alias = register
    lower()
    this.#aliased = NONE
  }

  /** Lets `lower` write R10 as if it were any register. */
  withWritableFrame(lower: () => void): void {
    this.put(sub(X, FRAME, FRAME, MEMORY))
    this.#frameIsGuest = true
    lower()
    this.#frameIsGuest = false
    this.put(add(X, FRAME, FRAME, MEMORY))
  }

  /** A register that holds the host address of a guest pointer already; undefined where none does. */
  knownHostAddress(bpf: number): Register | undefined {
    return bpf === R10 && !this.#frameIsGuest ? FRAME : this.hostAddresses.find(bpf)
  }

  /** A register with the host address of a guest pointer. */
  hostAddress(bpf: number): Register {
    const known = this.knownHostAddress(bpf)
    if (known !== undefined) return known
    const base = this.hostAddresses.take(bpf)
    this.put(add(X, base, MEMORY, registerOf(bpf)))
    return base
  }

  #putBranch(word: number, patch: Patch, label: Label): void {
    this.code.fixUp(label, patch)
    this.put(word)
  }

  #isNear(slot: number, limit: number): boolean {
    return Math.abs(slot - this.pc) <= limit
  }

  /** b */
  goto(label: Label): void {
    this.#putBranch(b(0), IMM26, label)
  }

  /** bl */
  call(label: Label): void {
    this.#putBranch(bl(0), IMM26, label)
  }

  /** b.cond to a label nearby. */
  skipIf(cond: Condition, label: Label): void {
    this.#putBranch(bCond(cond, 0), IMM19, label)
  }

  /** cbz to a label nearby. */
  skipIfZero(sf: Width, Rt: Register, label: Label): void {
    this.#putBranch(cbz(sf, Rt, 0), IMM19, label)
  }

  /** b.cond to a slot; where it is far, over a b. */
  branchIf(cond: Condition, slot: number): void {
    const label = this.labelOf(slot)
    if (this.#isNear(slot, NEAR_SLOTS)) this.skipIf(cond, label)
    else this.#over(bCond(invert(cond), SKIP_BYTES), label)
  }

  /** cbz, or with `zero` false cbnz, to a slot. */
  branchIfZero(sf: Width, Rt: Register, zero: boolean, slot: number): void {
    const [emit, opposite] = zero ? [cbz, cbnz] : [cbnz, cbz]
    if (this.#isNear(slot, NEAR_SLOTS)) this.#putBranch(emit(sf, Rt, 0), IMM19, this.labelOf(slot))
    else this.#over(opposite(sf, Rt, SKIP_BYTES), this.labelOf(slot))
  }

  /** tbnz, or with `set` false tbz, to a slot. */
  branchIfBit(Rt: Register, bit: number, set: boolean, slot: number): void {
    const [emit, opposite] = set ? [tbnz, tbz] : [tbz, tbnz]
    if (this.#isNear(slot, NEAR_BIT_SLOTS)) this.#putBranch(emit(Rt, bit, 0), IMM14, this.labelOf(slot))
    else this.#over(opposite(Rt, bit, SKIP_BYTES), this.labelOf(slot))
  }

  #over(skip: number, label: Label): void {
    this.put(skip)
    this.goto(label)
  }
}

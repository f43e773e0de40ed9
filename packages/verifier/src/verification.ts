/**
 * One verification under way: the program, what is known of its slots, the state of the path being explored, and the
 * paths still to be explored. The checks take it as their first parameter; it holds no rules of its own.
 */

import type { Insn, InstructionRow } from '@bpfoundry/isa'
import {
  type ContextLayout,
  contextLayout,
  type ErrnoName,
  type HelperScope,
  type KernelLimits,
  MAP_TYPE,
  PROG_FLAG,
} from '@bpfoundry/kernel-abi'
import { Demand } from './exploration/demand.ts'
import { Liveness, widthRead } from './exploration/liveness.ts'
import type { AttachTarget } from './kernel-types/attach-target.ts'
import { KernelTypes } from './kernel-types/kernel-types.ts'
import { OwnTypes } from './kernel-types/own-types.ts'
import type { Profile } from './profile.ts'
import type { CallKinds } from './program/call-kinds.ts'
import type { FastcallPatterns } from './program/fastcall.ts'
import { helperScope } from './program/helper-scope.ts'
import { FactCollector } from './report/facts.ts'
import { Refusal } from './report/refusal.ts'
import { noSlotCounts } from './report/slot-counts.ts'
import type { SourceLines } from './report/source-lines.ts'
import { frameText } from './report/state-text.ts'
import type { VerifierLog } from './report/verifier-log.ts'
import type { FrameState } from './state/frame-state.ts'
import { type Checkpoint, type LinkedRegister, PathState, PathStep } from './state/path-state.ts'
import { immediateRegister, type RegisterState, UNINITIALISED, UNKNOWN_SCALAR } from './state/register-state.ts'
import { NOT_INIT, SCALAR, typeName } from './state/register-type.ts'
import type { StackSlot } from './state/stack-slot.ts'
import { Sanitation } from './transfer/sanitation.ts'
import type { KernelCallNote, SlotCounts, VerifierMap, VerifierOptions, VerifierProgram } from './verifier-api.ts'

/** A function of the program; `stackDepthBytes` grows as the exploration finds accesses. */
export interface Subprogram {
  readonly name: string
  readonly start: number
  readonly end: number
  stackDepthBytes: number
  hasTailCall: boolean
  hasPacketLoad: boolean
  /** Judged by itself, for any arguments; calls of it are not followed. */
  readonly isGlobal: boolean
  /** A helper that it calls, or a function that it calls calls, may move the packet. */
  changesPacketData: boolean
  /** Something that it calls, or a function that it calls calls, may sleep. */
  mightSleep: boolean
  /** Some explored path calls this global function. */
  isCalled: boolean
  /** Some explored path hands it to a helper, to be called. */
  isCallback: boolean
  /** And that helper calls it after it returned, on a stack of its own. */
  isAsyncCallback: boolean
  /** It runs once an exception ended the program. */
  readonly isExceptionCallback: boolean
}

/** What is known of each slot of the program, arrays indexed by pc. */
export interface SlotNotes {
  /** The instruction's row; undefined where its form is wrong, then `malformed` tells. */
  readonly rows: readonly (InstructionRow | undefined)[]
  /** Words of the refusal for a wrong form. */
  readonly malformed: readonly (string | undefined)[]
  /** LD_IMM64: the map it names. */
  readonly maps: (VerifierMap | undefined)[]
  /** 1 where states are compared and kept. */
  readonly prunePoints: Uint8Array
  /** 1 where control may arrive from elsewhere than the slot before. */
  readonly jumpPoints: Uint8Array
  /** 1 where a state is kept at each visit. */
  readonly forcedCheckpoints: Uint8Array
  /** Registers that may still be read, one bit each. */
  readonly liveRegisters: Uint16Array
  /** 1 once explored. */
  readonly seen: Uint8Array
  /** Register type through which memory was accessed, 0 before that. */
  readonly pointerTypes: Int32Array
  /** Id of the map that a helper call was handed; -1 where paths disagree, 0 for none. */
  readonly callMaps: Int32Array
  /** Operations on two operands in 64 bits, of a program with an arena: what they were seen with. */
  readonly arenaOperands: Uint8Array
  /** What a load through a map pointer finds, by slot. */
  readonly mapLoads: Map<number, number>
  /** bpf_loop: index of the callback where the call can become a loop; -1 where it can't, 0 where it was not seen. */
  readonly inlineLoops: Int32Array
  /** Calls of kernel functions, by slot. */
  readonly kernelCalls: (KernelCallNote | undefined)[]
  /** Spills and fills that may go; undefined for a device, which gets the program as it is. */
  readonly fastcall: FastcallPatterns | undefined
}

/** A branch to come back to. */
export interface PendingPath {
  readonly state: PathState
  readonly pc: number
  readonly previousPc: number
  /** Place in the log that a safe path rewinds to. */
  readonly logMark: number
}

export interface VerificationParts {
  readonly program: VerifierProgram
  readonly options: VerifierOptions
  readonly profile: Profile
  readonly limits: KernelLimits
  readonly log: VerifierLog
  readonly sourceLines: SourceLines
  readonly subprograms: readonly Subprogram[]
  readonly notes: SlotNotes
  readonly entry: FrameState
  readonly target: AttachTarget | undefined
  readonly calls: CallKinds
}

export class Verification {
  readonly program: VerifierProgram
  readonly insns: readonly Insn[]
  readonly options: VerifierOptions
  readonly profile: Profile
  readonly limits: KernelLimits
  readonly log: VerifierLog
  readonly sourceLines: SourceLines
  readonly subprograms: readonly Subprogram[]
  readonly notes: SlotNotes
  readonly facts: FactCollector
  readonly slotCounts: SlotCounts
  /** CAP_BPF */
  readonly isCapable: boolean
  /** CAP_PERFMON: pointers may leak, stack may be read before it is written, no guards against speculation. */
  readonly isTrusted: boolean
  /** Masks that would guard pointer arithmetic against speculation, by slot. */
  readonly sanitation: Sanitation = new Sanitation()
  /** The kernel's types; undefined where they are not given. */
  readonly kernel: KernelTypes | undefined
  /** The program's types; undefined where it has none. */
  readonly own: OwnTypes | undefined
  /** Which of its calls do more than call. */
  readonly calls: CallKinds
  /** What the program is bound to. */
  readonly target: AttachTarget | undefined
  /** What decides which helpers the program may call, besides its type. */
  readonly helperScope: HelperScope
  /** The context that r1 points to; undefined for program types without a table. */
  readonly context: ContextLayout | undefined
  /** The arena that the program names; undefined for none. */
  readonly arena: VerifierMap | undefined
  /** What is asked for while running back along the path. */
  readonly demand: Demand = new Demand()
  /** Marks of reads and writes, for a log that shows them; undefined where nobody asks for them. */
  readonly liveness: Liveness | undefined
  readonly pending: PendingPath[] = []
  /** Operands that are constants of the program, by slot, as far as they were asked for. */
  readonly #immediates: (RegisterState | undefined)[]
  /** Kept states, latest first, in the places of {@link bucket}. */
  readonly checkpoints: (Checkpoint[] | undefined)[]
  state: PathState
  /** The frame that runs: the last of `state.frames`. */
  frame: FrameState
  pc = 0
  previousPc = -1
  /** First slot of the function that is judged by itself: the program's, or a global one's. */
  judgedFrom = 0
  insnsProcessed = 0
  jumpsProcessed = 0
  insnsAtCheckpoint = 0
  jumpsAtCheckpoint = 0
  /** How much of a context it looks at whose length is the caller's to choose. */
  contextBytes = 0
  maxStatesPerInsn = 0
  totalStates = 0
  peakStates = 0
  #lastId = 0
  #scratchedRegisters = -1
  #scratchedSlotsLow = -1
  #scratchedSlotsHigh = -1

  constructor(parts: VerificationParts) {
    this.program = parts.program
    this.insns = parts.program.insns
    this.options = parts.options
    this.profile = parts.profile
    this.limits = parts.limits
    this.log = parts.log
    this.sourceLines = parts.sourceLines
    this.subprograms = parts.subprograms
    const { capabilities } = parts.options
    this.isCapable = capabilities === undefined || capabilities.includes('CAP_BPF')
    this.isTrusted = capabilities === undefined || capabilities.includes('CAP_PERFMON')
    this.notes = parts.notes
    this.arena = parts.notes.maps.find((map) => map?.type === MAP_TYPE.ARENA)
    this.target = parts.target
    this.calls = parts.calls
    const { kernelBtf } = parts.options
    this.kernel = kernelBtf === undefined ? undefined : new KernelTypes(kernelBtf)
    this.own = OwnTypes.of(parts.program, kernelBtf)
    this.helperScope = helperScope(parts.program, parts.options)
    this.context = contextLayout(parts.program.type, {
      attachType: parts.program.expectedAttachType,
      offloaded: parts.options.device !== undefined,
      unprivileged: !this.isCapable,
    })
    this.facts = new FactCollector(this.insns.length)
    this.slotCounts = noSlotCounts(this.insns.length)
    this.#immediates = new Array(this.insns.length).fill(undefined)
    this.checkpoints = new Array(this.insns.length).fill(undefined)
    this.liveness = parts.profile.marksLiveness && parts.log.level !== 0 ? new Liveness() : undefined
    this.state = new PathState([parts.entry])
    this.frame = parts.entry
  }

  /** BPF_F_TEST_STATE_FREQ: a state is kept at every prune point. */
  get keepsEveryState(): boolean {
    return ((this.program.flags ?? 0) & PROG_FLAG.TEST_STATE_FREQ) !== 0
  }

  /** BPF_F_STRICT_ALIGNMENT: every access is aligned to its size. BPF_F_ANY_ALIGNMENT takes it back. */
  get isStrict(): boolean {
    const { STRICT_ALIGNMENT, ANY_ALIGNMENT } = PROG_FLAG
    return ((this.program.flags ?? 0) & (STRICT_ALIGNMENT | ANY_ALIGNMENT)) === STRICT_ALIGNMENT
  }

  /** The instruction being checked. */
  get insn(): Insn {
    return this.insns[this.pc] as Insn
  }

  /**
   * Where states are kept that stand at slot `pc` of the running frame: the kernel's own hash, by which those of another
   * call, or of another slot, seldom lie in the same place. Its statistics count by it.
   *
   * @see explored_state in kernel/bpf/verifier.c
   */
  bucket(pc: number): number {
    return ((pc ^ this.frame.callSite) >>> 0) % this.insns.length
  }

  newId(): number {
    return ++this.#lastId
  }

  get lastId(): number {
    return this.#lastId
  }

  /** Stack that was never written may be read: it holds some number. */
  get mayReadUnwritten(): boolean {
    return this.isTrusted && this.profile.readsUnwrittenStack
  }

  /** States may differ in numbers that nothing rests on. */
  get followsPrecision(): boolean {
    const { precision } = this.profile
    if (!this.isCapable || precision === 'none') return false
    return precision !== 'single functions' || this.subprograms.length === 1
  }

  /** The log's name of a pointer's type. */
  typeText(type: number): string {
    return this.profile.renamedPrefixes.reduce((name, [newer, older]) => {
      // At the start only: `untrusted_` ends in another one.
      return name.startsWith(newer) ? older + name.slice(newer.length) : name
    }, typeName(type))
  }

  /** What a pointer is once it points nowhere: a mere number, or nothing where that would tell an address. */
  get forgotten(): RegisterState {
    return this.isTrusted ? UNKNOWN_SCALAR : UNINITIALISED
  }

  // ---- registers and stack of the running frame ----------------------------------------------------------------------

  /** State of a register, whatever it holds. */
  register(number: number): RegisterState {
    return this.frame.registers[number] as RegisterState
  }

  /** The constant of the current instruction, sign-extended, as an operand. */
  get immediate(): RegisterState {
    const known = this.#immediates[this.pc]
    if (known !== undefined) return known
    const made = immediateRegister(this.insn.imm)
    this.#immediates[this.pc] = made
    return made
  }

  /** The register as an operand that is read. Refuses one that does not exist or holds nothing. */
  read(number: number): RegisterState {
    if (number > 10) this.refuse('VERIFIER_INVALID_REGISTER', 'EINVAL', `R${number} is invalid`)
    this.#scratchedRegisters |= 1 << number
    const register = this.register(number)
    if (register.type === NOT_INIT) {
      const hint = `no path may reach this instruction without a value in r${number}`
      this.refuse('VERIFIER_UNINITIALIZED_REGISTER', 'EACCES', `R${number} !read_ok`, hint)
    }
    this.liveness?.readRegister(this.frame, number, widthRead(this.insn, register.type))
    return register
  }

  /** Refuses a destination that does not exist or may not be written. */
  checkWritable(number: number): void {
    if (number > 10) this.refuse('VERIFIER_INVALID_REGISTER', 'EINVAL', `R${number} is invalid`)
    this.#scratchedRegisters |= 1 << number
    if (number === 10) this.refuse('VERIFIER_FRAME_POINTER', 'EACCES', 'frame pointer is read only')
  }

  /** Gives a register a new state. */
  write(number: number, register: RegisterState): void {
    this.frame.registers[number] = register
    this.#scratchedRegisters |= 1 << number
    this.liveness?.writeRegister(this.frame, number)
  }

  /** Register `number` of one frame becomes register `as` of another: what that one reads, it reads of this one. */
  passRegister(from: FrameState, number: number, to: FrameState, as: number = number): void {
    to.registers[as] = from.register(number)
    this.liveness?.hand(from, number, to, as)
  }

  /** Gives a stack slot of `frame` a new state. */
  writeSlot(frame: FrameState, index: number, slot: StackSlot): void {
    frame.stack[index] = slot
    this.showSlot(index)
  }

  /** The log shows this slot with the instruction. */
  showSlot(index: number): void {
    if (index < 32) this.#scratchedSlotsLow |= 1 << index
    else this.#scratchedSlotsHigh |= 1 << (index & 31)
  }

  showRegister(number: number): void {
    this.#scratchedRegisters |= 1 << number
  }

  /** Turns to another function to be judged by itself: what was kept of the one before is of no use. */
  startFunction(entry: FrameState, start: number): void {
    this.checkpoints.fill(undefined)
    this.sourceLines.forget()
    this.enter(new PathState([entry], [], undefined, undefined, start))
    this.judgedFrom = start
    this.pc = start
    this.previousPc = -1
  }

  // ---- paths ---------------------------------------------------------------------------------------------------------

  /** Makes `state` the one being explored. */
  enter(state: PathState): void {
    this.state = state
    this.frame = state.frame
  }

  pushFrame(frame: FrameState): void {
    this.state.frames.push(frame)
    this.frame = frame
  }

  popFrame(): FrameState {
    const left = this.state.frames.pop() as FrameState
    this.frame = this.state.frame
    return left
  }

  /** The register holds a pointer, which an untrusted program must not turn into a number. */
  leaks(number: number): boolean {
    return !this.isTrusted && this.register(number).type !== SCALAR
  }

  /** Records that control goes from the current slot to `target`, which is not the next one. */
  noteTransfer(target: number): void {
    this.state.steps = transfer(this.pc, target, this.state.steps)
  }

  /** Records that the current instruction moves a register to or from a stack slot. */
  noteStackStep(frameNumber: number, slot: number): void {
    this.state.steps = new PathStep(this.pc, -1, frameNumber, slot, undefined, this.state.steps)
    this.#countStep()
  }

  /** Records which operands of the current comparison point to the stack. */
  noteStackOperands(operands: number): void {
    this.noteStackStep(-1, operands)
  }

  /** Records that the current comparison narrows these registers together. */
  noteLinked(linked: readonly LinkedRegister[]): void {
    this.state.steps = new PathStep(this.pc, -1, -1, -1, linked, this.state.steps)
    this.#countStep()
  }

  /** A step at a jump point was counted when the path came there. */
  #countStep(): void {
    if (this.notes.jumpPoints[this.pc] === 0) this.state.stepCount++
  }

  /** Keeps a copy of the current state to be explored from `target` on, and returns it for the branch's own facts. */
  pushBranch(target: number): PathState {
    const state = this.state.copy()
    this.slotCounts.forked[this.pc] = (this.slotCounts.forked[this.pc] as number) + 1
    if (target !== this.pc + 1) state.steps = transfer(this.pc, target, state.steps)
    if (state.parent !== undefined) state.parent.branches++
    this.#queue(state, target, '')
    return state
  }

  /** Queues a callback that runs after the current call returned; nothing of the current state is known to it. */
  queueAsync(state: PathState): void {
    this.#queue(state, state.startPc, ' for async cb')
  }

  #queue(state: PathState, pc: number, what: string): void {
    this.pending.push({ state, pc, previousPc: this.pc, logMark: this.log.mark() })
    if (this.pending.length <= this.limits.pendingBranches) return
    const message = `The sequence of ${this.pending.length} jumps is too complex${what}.`
    this.refuse('VERIFIER_TOO_COMPLEX', 'E2BIG', message)
  }

  /** Queues a path that only a processor's speculation takes. */
  pushSpeculative(target: number): PathState {
    const state = this.pushBranch(target)
    state.isSpeculative = true
    return state
  }

  // ---- refusing and reporting ----------------------------------------------------------------------------------------

  /** Stops the verification. `message` also goes to the log. */
  refuse(code: string, errno: ErrnoName, message: string, hint?: string): never {
    this.log.print(`${message}\n`)
    throw new Refusal(hint === undefined ? { code, errno, message } : { code, errno, message, hint }, this.pc)
  }

  /** Stops the verification with words that are in the log already. */
  refuseSilently(code: string, errno: ErrnoName, message: string, hint?: string): never {
    throw new Refusal(hint === undefined ? { code, errno, message } : { code, errno, message, hint }, this.pc)
  }

  /** A refusal of the current instruction, written to the log. */
  noted(refusal: Refusal): Refusal {
    this.log.print(`${refusal.message}\n`)
    refusal.pc ??= this.pc
    return refusal
  }

  /** `; text @ file:line`, unless that line was the last one shown. */
  printSourceLine(pc: number): void {
    if (this.log.level !== 0) this.log.print(this.sourceLines.next(pc))
  }

  /** Everything counts as changed: the next state is shown whole. */
  scratchAll(): void {
    this.#scratchedRegisters = -1
    this.#scratchedSlotsLow = -1
    this.#scratchedSlotsHigh = -1
  }

  get isScratched(): boolean {
    return (this.#scratchedRegisters | this.#scratchedSlotsLow | this.#scratchedSlotsHigh) !== 0
  }

  /** Writes what changed in the running frame to the log, behind the instruction where that stands last. */
  printChanges(): void {
    if (!this.log.traces) return
    const [registers, low, high] = [this.#scratchedRegisters, this.#scratchedSlotsLow, this.#scratchedSlotsHigh]
    const text = frameText(this.frame, this.state.listed, {
      register: (number) => (registers & (1 << number)) !== 0,
      slot: (index) => ((index < 32 ? low : high) & (1 << (index & 31))) !== 0,
    })
    this.log.state(this.pc, text)
    this.clearScratched()
  }

  clearScratched(): void {
    this.#scratchedRegisters = 0
    this.#scratchedSlotsLow = 0
    this.#scratchedSlotsHigh = 0
  }

  /** Bytes of stack that the running function needs, at least. */
  requireStack(frame: FrameState, bytes: number): void {
    frame.growStack(bytes)
    const subprogram = this.subprograms[frame.subprogram] as Subprogram
    const depth = Math.ceil(bytes / 8) * 8
    if (depth > subprogram.stackDepthBytes) subprogram.stackDepthBytes = depth
  }
}

function transfer(from: number, pc: number, before: PathStep | undefined): PathStep {
  return new PathStep(pc, from, -1, -1, undefined, before)
}

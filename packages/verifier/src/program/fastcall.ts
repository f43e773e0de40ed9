/**
 * Calls that compilers know to keep r1 to r5 (`bpf_fastcall`), of helpers and of kernel functions: compilers spill the
 * registers that are in use before such a call, at the lowest stack offsets of the function, and fill them behind it, for
 * kernels that do not know. Where the call is inlined, and nothing else looks at that part of the stack, spills and fills go.
 *
 * @see mark_fastcall_patterns in kernel/bpf/verifier.c (6.12)
 */
import { BPF_CALL, BPF_DW, BPF_EXIT, BPF_JMP, BPF_LDX, BPF_MEM, BPF_REG_FP, BPF_STX, type Insn } from '@bpfoundry/isa'
import type { HelperPrototype } from '@bpfoundry/kernel-abi'
import type { CallableFunction } from '../kernel-types/kernel-function.ts'
import { SLOT_BYTES } from '../state/stack-slot.ts'
import { isJumpClass, jumpTarget } from './control-flow.ts'

/** A function's range of slots. */
interface Extent {
  readonly start: number
  readonly end: number
}

/** What is known of one function. */
interface FunctionPatterns {
  /** Offset from the frame pointer below which only patterns may look; the lowest of all once something else did. */
  stackOffset: number
  /** Some pattern stays, whose slots must. */
  keepsStack: boolean
}

const SPILL = BPF_STX | BPF_MEM | BPF_DW
const FILL = BPF_LDX | BPF_MEM | BPF_DW
const CALL = BPF_JMP | BPF_CALL
const CALLER_SAVED = 0b111111
const LOWEST_OFFSET = -0x8000

/** Helpers that the fix-ups inline, of those that keep r1 to r5. @see verifier_inlines_helper_call */
const INLINED: ReadonlySet<number> = new Set([8])

/** Kernel functions that the fix-ups make an instruction of. @see is_fastcall_kfunc_call */
const INLINED_FUNCTIONS: ReadonlySet<string> = new Set(['bpf_cast_to_kern_ctx', 'bpf_rdonly_cast'])

/** What a call leaves of the registers, where it keeps the others. */
interface KeepingCall {
  /** A bit for each register. */
  readonly clobbered: number
  /** No call is left of it. */
  readonly isInlined: boolean
}

/** r0 where there is a result, and a register for each argument. */
function clobbered(argumentCount: number, returnsNothing: boolean): number {
  return (returnsNothing ? 0 : 1) | (((1 << argumentCount) - 1) << 1)
}

/** A call of a helper. */
export function helperKeeps({ id, returns, args, fastcall }: HelperPrototype): KeepingCall {
  return {
    clobbered: clobbered(args.length, returns.type === 'RET_VOID'),
    isInlined: fastcall && INLINED.has(id),
  }
}

/** A call of a function of the kernel itself. */
export function kernelFunctionKeeps(fn: CallableFunction): KeepingCall {
  const { parameters, returnTypeId } = fn.prototype
  return { clobbered: clobbered(parameters.length, returnTypeId === 0), isInlined: INLINED_FUNCTIONS.has(fn.name) }
}

function jumpTargets(insns: readonly Insn[]): Uint8Array {
  const targets = new Uint8Array(insns.length)
  insns.forEach((insn, pc) => {
    const operation = insn.opcode & 0xf0
    if (!isJumpClass(insn) || operation === BPF_CALL || operation === BPF_EXIT) return
    const target = jumpTarget(insn, pc)
    if (target >= 0 && target < targets.length) targets[target] = 1
  })
  return targets
}

function lowestSpill(insns: readonly Insn[], { start, end }: Extent): number {
  const offsets = insns.slice(start, end).filter(({ opcode, dst }) => opcode === SPILL && dst === BPF_REG_FP)
  return offsets.reduce((lowest, { off }) => Math.min(lowest, off), 0)
}

/** The register that the pair around a call keeps at `offset`; undefined where the two instructions are no such pair. */
function keptRegister(before: Insn | undefined, behind: Insn | undefined, offset: number): number | undefined {
  if (before?.opcode !== SPILL || behind?.opcode !== FILL) return undefined
  if (before.dst !== BPF_REG_FP || behind.src !== BPF_REG_FP) return undefined
  if (before.off !== offset || behind.off !== offset || before.src !== behind.dst) return undefined
  return before.src
}

/** Registers of the pairs around the call at `pc`, from the inmost on. Only the first spill may be jumped to. */
function pairsAround(insns: readonly Insn[], targets: Uint8Array, pc: number, lowest: number): number[] {
  const registers: number[] = []
  for (let pairs = 0; targets[pc - pairs] !== 1 && targets[pc + pairs + 1] !== 1; pairs++) {
    const offset = lowest + pairs * SLOT_BYTES
    const register = keptRegister(insns[pc - pairs - 1], insns[pc + pairs + 1], offset)
    if (register === undefined) break
    registers.push(register)
  }
  return registers
}

/** Undefined for a call that is not known, or not allowed. */
type FindCall = (insn: Insn) => KeepingCall | undefined

/** The patterns of a program, and which of them may go. */
export class FastcallPatterns {
  /** 1 for the spills and fills of patterns. */
  readonly #members: Uint8Array
  /** Of an inlined call: pairs around it that may go. */
  readonly #pairs: Uint8Array
  #hasPairs = false
  readonly #functions: readonly (FunctionPatterns & Extent)[]

  constructor(insns: readonly Insn[], functions: readonly Extent[], findCall: FindCall) {
    this.#members = new Uint8Array(insns.length)
    this.#pairs = new Uint8Array(insns.length)
    this.#functions = functions.map(({ start, end }) => ({ start, end, stackOffset: 0, keepsStack: false }))
    const targets = jumpTargets(insns)
    for (const one of this.#functions) {
      const lowest = lowestSpill(insns, one)
      if (lowest === 0) continue
      for (let pc = one.start; pc < one.end; pc++) {
        const insn = insns[pc] as Insn
        const call = insn.opcode === CALL ? findCall(insn) : undefined
        if (call !== undefined) this.#markCall(pc, call, one, lowest, pairsAround(insns, targets, pc, lowest))
      }
    }
  }

  #markCall(pc: number, call: KeepingCall, one: FunctionPatterns, lowest: number, registers: readonly number[]): void {
    let free = CALLER_SAVED & ~call.clobbered
    let pairs = 0
    for (const register of registers) {
      if ((free & (1 << register)) === 0) break
      free &= ~(1 << register)
      pairs++
      this.#members[pc - pairs] = 1
      this.#members[pc + pairs] = 1
    }
    if (pairs === 0) return
    if (call.isInlined) {
      this.#pairs[pc] = pairs
      this.#hasPairs = true
    } else one.keepsStack = true
    one.stackOffset = Math.min(one.stackOffset, lowest + pairs * SLOT_BYTES)
  }

  /** The instruction at `pc` looks at the stack of a function, from `offset` on. */
  noteAccess(index: number, pc: number, offset: number): void {
    const one = this.#functions[index]
    if (one === undefined || one.stackOffset <= offset || this.#members[pc] === 1) return
    one.stackOffset = LOWEST_OFFSET
    this.#pairs.fill(0, one.start, one.end)
    this.#members.fill(0, one.start, one.end)
  }

  /** Bytes of stack that a function needs without what may go; undefined where nothing changes. */
  stackDepthBytes(index: number): number | undefined {
    const one = this.#functions[index]
    if (!this.#hasPairs || one === undefined || one.keepsStack) return undefined
    return this.#pairs.subarray(one.start, one.end).some((pairs) => pairs > 0) ? -one.stackOffset : undefined
  }

  /** Slots of the spills and fills that may go. */
  get removable(): readonly number[] {
    if (!this.#hasPairs) return []
    return Array.from(this.#pairs).flatMap((pairs, pc) =>
      Array.from({ length: pairs }, (_, index) => [pc - index - 1, pc + index + 1]).flat(),
    )
  }
}

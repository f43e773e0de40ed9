/** Calls that do more than call: they ask an iterator, or run a function of the program. */
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { RUNS_CALLBACK, TIMER_SET_CALLBACK } from './callback-helpers.ts'

/** BTF ids of the kernel functions that a program calls, by what they do. */
export interface KernelCallIds {
  /** They give an iterator's next element. */
  readonly iteratorNexts: ReadonlySet<number>
  /** They run a callback before they return. */
  readonly callbackCalls: ReadonlySet<number>
  /** They hand over a callback that runs later. */
  readonly asyncCallbackCalls: ReadonlySet<number>
}

const NONE: ReadonlySet<number> = new Set()

/** What sort of call an instruction is; helpers are known by number, kernel functions by their BTF ids in one program. */
export class CallKinds {
  readonly #ids: KernelCallIds

  constructor(ids: KernelCallIds = { iteratorNexts: NONE, callbackCalls: NONE, asyncCallbackCalls: NONE }) {
    this.#ids = ids
  }

  /** It asks an iterator for its next element. */
  asksIterator(insn: Insn): boolean {
    return isKernelCall(insn) && this.#ids.iteratorNexts.has(insn.imm)
  }

  /** It runs a callback, any number of times, before it returns. */
  runsCallback(insn: Insn): boolean {
    return isHelperCall(insn)
      ? RUNS_CALLBACK.has(insn.imm)
      : isKernelCall(insn) && this.#ids.callbackCalls.has(insn.imm)
  }

  /** It hands over a callback that runs later. */
  handsOverCallback(insn: Insn): boolean {
    return isHelperCall(insn)
      ? insn.imm === TIMER_SET_CALLBACK
      : isKernelCall(insn) && this.#ids.asyncCallbackCalls.has(insn.imm)
  }
}

function isHelperCall({ opcode, src }: Insn): boolean {
  return opcode === (BPF_JMP | BPF_CALL) && src === 0
}

/** A call of a kernel function. */
export function isKernelCall({ opcode, src }: Insn): boolean {
  return opcode === (BPF_JMP | BPF_CALL) && src === BPF_PSEUDO_KFUNC_CALL
}

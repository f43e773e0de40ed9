/** Helpers that call a function of the program: before they return, or some time after. */
import { BPF_CALL, BPF_JMP, type Insn } from '@bpfoundry/isa'

/** BPF_FUNC_* */
export const FOR_EACH_MAP_ELEM = 164
export const TIMER_SET_CALLBACK = 170
const FIND_VMA = 180
export const LOOP = 181
export const USER_RINGBUF_DRAIN = 209

/** @see is_sync_callback_calling_function in kernel/bpf/verifier.c */
const RUNS_CALLBACK: ReadonlySet<number> = new Set([FOR_EACH_MAP_ELEM, FIND_VMA, LOOP, USER_RINGBUF_DRAIN])

/** A call of a helper that runs a callback, any number of times, before it returns. */
export function isCallbackCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 && RUNS_CALLBACK.has(insn.imm)
}

/** A call of a helper that hands over a callback which runs later. */
export function isAsyncCallbackCall(insn: Insn): boolean {
  return insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === TIMER_SET_CALLBACK
}

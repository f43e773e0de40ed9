import type { Insn } from '@bpfoundry/isa'
import type { RegisterFact } from '@bpfoundry/verifier'
import type { NfpFirmware } from './card.ts'
import type { OffloadedMap } from './offload-map.ts'

/** What one visit of an instruction is judged by. */
export interface CheckContext {
  readonly firmware: NfpFirmware
  /** BPF_PROG_TYPE_* */
  readonly programType: number
  readonly insn: Insn
  registers(n: number): RegisterFact
  readonly stackIsZero: ((offsetBytes: number, pointer?: number) => boolean) | undefined
  /** The card's map that a map pointer or value pointer is of. */
  map(pointer: RegisterFact): OffloadedMap | undefined
  warn(text: string): void
}

/** What earlier visits of a helper call left behind. */
export interface HelperMemory {
  /** r2 of the last visit; r4 for `bpf_perf_event_output`. */
  argument?: RegisterFact
  /** Paths disagree on where a key lies. */
  varies?: boolean
}

/** What earlier visits of a load, store or atomic left behind. */
export interface PointerMemory {
  /** Of the last visit. */
  pointer?: RegisterFact
  /** A stack pointer had several offsets. */
  varies?: boolean
  /** Of a caller's frame, on some path. */
  ofCaller?: boolean
  addsOver16Bit?: boolean
  mayAdd16Bit?: boolean
}

/** Ranges of an ALU instruction's operands over all visits. */
export interface AluMemory {
  sourceMin: bigint
  sourceMax: bigint
  targetMin: bigint
  targetMax: bigint
}

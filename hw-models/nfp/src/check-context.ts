import type { Insn } from '@bpfoundry/isa'
import type { RegisterFact, RegisterKind } from '@bpfoundry/verifier'
import type { NfpFirmware } from './card.ts'
import type { OffloadedMap } from './offload-map.ts'

/** What one visit of an instruction is judged by. */
export interface CheckContext {
  readonly firmware: NfpFirmware
  /** BPF_PROG_TYPE_* */
  readonly programType: number
  readonly insn: Insn
  registers(n: number): RegisterFact
  readonly stackIsZero: ((offsetBytes: number) => boolean) | undefined
  /** The card's map that a map pointer or value pointer is of. */
  map(pointer: RegisterFact): OffloadedMap | undefined
  warn(text: string): void
}

/** What earlier visits of a helper call left behind. */
export interface HelperMemory {
  dataKind?: RegisterKind
}

/** What earlier visits of a load, store or atomic left behind. */
export interface PointerMemory {
  kind?: RegisterKind
  /** Offset into the stack at the last visit. */
  offset?: number
  notConstant?: boolean
}

/** Ranges of an ALU instruction's operands over all visits. */
export interface AluMemory {
  sourceMin: bigint
  sourceMax: bigint
  targetMax: bigint
}

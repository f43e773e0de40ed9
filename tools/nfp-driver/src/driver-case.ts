import type { Insn } from '@bpfoundry/isa'
import type { NfpInsnFact, NfpPlacement } from '@bpfoundry/jit-nfp'

/** What the card's firmware says of itself; helpers have their addresses in {@link NfpPlacement}. */
export interface DriverFirmware {
  readonly maxWords: number
  /** NFP_NET_CFG_BPF_STACK_SZ: chunks of 64 bytes. */
  readonly stackChunks: number
  readonly adjustHead?: {
    readonly noMeta: boolean
    readonly offMin: number
    readonly offMax: number
    readonly guaranteedSub: number
    readonly guaranteedAdd: number
  }
  readonly pseudoRandom: boolean
  readonly queueSelect: boolean
  readonly adjustTail: boolean
}

/** A map of the card, or a neutral one, which only events go to. */
export interface DriverMap {
  readonly id: number
  readonly tid: number
  readonly neutral: boolean
  readonly valueBytes: number
}

/** `struct bpf_reg_state`, as far as the driver looks at it. */
export interface DriverRegister {
  /** enum bpf_reg_type of Linux 6.12. */
  readonly type: number
  readonly offset?: number
  readonly tnum?: { readonly value: bigint; readonly mask: bigint }
  readonly umin?: bigint
  readonly umax?: bigint
  readonly id?: number
  /** Frame whose stack a stack pointer is of. */
  readonly frame?: number
  /** Index into the case's maps. */
  readonly map?: number
}

/** The verifier comes to an instruction. Registers and zeros stay as they are until they are given anew. */
export interface DriverVisit {
  readonly pc: number
  /** Number of the current frame. */
  readonly frame?: number
  readonly registers?: Readonly<Record<number, DriverRegister>>
  /** Bytes of the current frame's stack that are known to be zero, by their offset from the frame pointer. */
  readonly zeros?: readonly number[]
}

/** One program for the driver: with facts poked into its records, or with visits that its verifier hooks judge. */
export interface DriverCase {
  readonly type: number
  readonly insns: readonly Insn[]
  readonly stackDepths: readonly number[]
  readonly firmware: DriverFirmware
  readonly placement: NfpPlacement
  readonly maps?: readonly DriverMap[]
  /** Slots of LD_IMM64 and the map (by index) that they load. */
  readonly mapUses?: readonly { readonly pc: number; readonly map: number }[]
  readonly facts?: readonly (NfpInsnFact | undefined)[]
  readonly guaranteedAdjustHead?: number
  readonly visits?: readonly DriverVisit[]
}

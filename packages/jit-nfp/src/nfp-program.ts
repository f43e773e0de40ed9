/**
 * What goes into the translator and what comes out: a BPF program with what the driver's verifier hooks noted of each
 * instruction, and the words of a microengine with what is left to relocate.
 *
 * @see struct nfp_insn_meta, struct nfp_prog in drivers/net/ethernet/netronome/nfp/bpf/main.h
 */
import type { Insn } from '@bpfoundry/isa'

/** Pointers that a card's program can go through; `fp` is the stack. The names are those of the verifier's log. */
export type NfpPointerKind = 'ctx' | 'fp' | 'map_value' | 'pkt'

/** The register that an access goes through, as the last path that reached the instruction had it. */
export interface NfpPointer {
  readonly kind: NfpPointerKind
  /** Fixed part of the offset (`bpf_reg_state.off`). */
  readonly offset: number
  /** Known bits of the variable part (`var_off.value`); of a stack pointer that is all of it. Absent: 0. */
  readonly knownVariable?: number
  /** Pointers of one id share their variable part (`bpf_reg_state.id`). Absent: 0. */
  readonly id?: number
}

/** Bounds of an ALU instruction's operands over all paths, as unsigned 64-bit numbers. */
export interface NfpOperandRanges {
  readonly sourceMin: bigint
  readonly sourceMax: bigint
  readonly targetMin: bigint
  readonly targetMax: bigint
}

/** What an atomic add may add; both can be true. */
export interface NfpAddend {
  /** It may fit into 16 bits (`xadd_maybe_16bit`). */
  readonly maybe16Bit: boolean
  /** It may take more (`xadd_over_16bit`). */
  readonly over16Bit: boolean
}

/** What the data argument of `bpf_perf_event_output` is. */
export type NfpEventDataKind = 'scalar' | 'fp' | 'map_value' | 'pkt'

/** Arguments of a helper call. */
export interface NfpCallFact {
  /** Map helpers: offset of the key (r2) from the frame pointer: off + var_off.value of the last path. */
  readonly keyOffset?: number
  /** Map helpers: paths disagree on where the key lies (`arg2.var_off`). */
  readonly keyVaries?: boolean
  /** `bpf_perf_event_output`: kind of r4. */
  readonly eventData?: NfpEventDataKind
}

/** What the driver keeps of one instruction after verification. All is optional: what does not apply is absent. */
export interface NfpInsnFact {
  /** The verifier took the instruction out: dead code, or a jump to the next instruction. */
  readonly removed?: boolean
  /** The upper half of the result has to be cleared (`zext_dst`). */
  readonly zeroExtend?: boolean
  /** Where a conditional jump leads that the verifier made unconditional; given only where it now leads to the next slot. */
  readonly jumpTarget?: number
  /** Loads, stores and atomics. Absent: no path was seen to reach it. */
  readonly pointer?: NfpPointer
  /** The stack pointer had several offsets on different paths (`ptr_not_const`). */
  readonly pointerVaries?: boolean
  /** The stack is that of a caller (FLAG_INSN_PTR_CALLER_STACK_FRAME). */
  readonly callerFrame?: boolean
  /** Atomic adds. */
  readonly addend?: NfpAddend
  /** ALU and ALU64. */
  readonly ranges?: NfpOperandRanges
  /** Helper calls. */
  readonly call?: NfpCallFact
  /** First slot of a map's LD_IMM64: the number the card knows the map by: its table id, or the map id of a neutral map. */
  readonly mapNumber?: number
}

/** What the firmware of a card says that the translation depends on. */
export interface NfpTarget {
  /** Words that a program may have, the eight nops at its end included (NFP_NET_CFG_BPF_MAX_LEN). */
  readonly maxWords: number
  /** Bounds of the packet's start within its buffer, which a checked `bpf_xdp_adjust_head` compares with. */
  readonly adjustHead?: { readonly offMin: number; readonly offMax: number }
}

/** A verified program. */
export interface NfpProgram {
  /** BPF_PROG_TYPE_XDP or BPF_PROG_TYPE_SCHED_CLS. */
  readonly type: number
  /** As loaded: slots that the verifier removed are still there, and marked in `facts`. */
  readonly insns: readonly Insn[]
  /** By slot; undefined where nothing is known. */
  readonly facts: readonly (NfpInsnFact | undefined)[]
  /** Stack depth of each function in the order of their starts, as the verifier found it; bytes. */
  readonly stackDepths: readonly number[]
  /** Slot of the program's only `bpf_xdp_adjust_head`, when it cannot fail on this card; absent: each call checks. */
  readonly guaranteedAdjustHead?: number
  readonly target: NfpTarget
}

/**
 * What a word waits for. The numbers are the driver's `enum nfp_relo_type`, which it keeps in the top byte of a word.
 *
 * | kind | what is put in |
 * |---|---|
 * | branch | the program's start is added to the branch's address |
 * | out, abort | address of the outro, of its entry for aborts |
 * | push-registers, pop-registers | address of the subroutine that saves or restores R6..R9 |
 * | next-packet | where the firmware goes on when the program is done |
 * | helper | the firmware's routine; the branch's address is 15000 + the helper's id until then |
 * | address | the program's start is added to the immediate |
 */
export type NfpRelocationKind =
  | 'branch'
  | 'out'
  | 'abort'
  | 'push-registers'
  | 'pop-registers'
  | 'next-packet'
  | 'helper'
  | 'address'

export interface NfpRelocation {
  /** Index into `words`. */
  readonly at: number
  readonly kind: NfpRelocationKind
  /** Id of the helper that a branch of kind `helper` is for. */
  readonly helper?: number
}

/** Entry points that relocation needs, as indexes into `words`. */
export interface NfpEntryPoints {
  readonly out: number
  readonly abort: number
  /** Where some function saves R6..R9. */
  readonly pushRegisters?: number
  readonly popRegisters?: number
}

/** A program in words, addresses as if it lay at 0. */
export interface NfpTranslation {
  /** 45 bits each, without ECC. */
  readonly words: readonly number[]
  /** By `at`, ascending. */
  readonly relocations: readonly NfpRelocation[]
  /** Index of the first word of each slot; a slot that became nothing has that of the next. */
  readonly insnStarts: readonly number[]
  readonly entryPoints: NfpEntryPoints
  /** Stack of the deepest chain of calls, frames in steps of 64 bytes. */
  readonly stackBytes: number
}

/** Why a program was not translated. */
export interface NfpRefusal {
  /** Positive, as BPF_PROG_LOAD fails with. */
  readonly errno: number
  /** The driver's last line in the kernel's log, without its prefix. */
  readonly message: string
  /** All of its lines. */
  readonly log: readonly string[]
  /** Slot that could not be translated, where it is one. */
  readonly pc?: number
}

export type NfpResult =
  | { readonly translation: NfpTranslation; readonly refusal?: undefined }
  | { readonly translation?: undefined; readonly refusal: NfpRefusal }

/** Where a card puts a program, and where its firmware's routines lie. Addresses count words of the control store. */
export interface NfpPlacement {
  /** NFP_NET_CFG_BPF_START */
  readonly start: number
  /** NFP_NET_CFG_BPF_DONE */
  readonly done: number
  /** By helper id; of the firmware's FUNC capabilities. */
  readonly helpers: ReadonlyMap<number, number>
}

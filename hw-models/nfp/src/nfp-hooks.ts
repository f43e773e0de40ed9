import {
  BPF_ALU,
  BPF_ALU64,
  BPF_CALL,
  BPF_DW,
  BPF_EXIT,
  BPF_IMM,
  BPF_JMP,
  BPF_LD,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_MAP_VALUE,
  BPF_ST,
  type Insn,
} from '@bpfoundry/isa'
import type { NfpTranslation } from '@bpfoundry/jit-nfp'
import { helperByName } from '@bpfoundry/kernel-abi'
import type { DeviceHooks, DeviceRefusal, InsnFact, RegisterFact, VerifierMap } from '@bpfoundry/verifier'
import { AdjustHeadSite } from './adjust-head-site.ts'
import { checkAlu } from './alu-checks.ts'
import type { NfpCard } from './card.ts'
import type { CheckContext } from './check-context.ts'
import { checkExit } from './exit-checks.ts'
import { checkHelperCall } from './helper-checks.ts'
import { InsnNotes } from './insn-notes.ts'
import type { OffloadedMap } from './offload-map.ts'
import {
  ATOMIC,
  accessBytes,
  accessKind,
  checkAtomic,
  checkPointer,
  checkStore,
  LOAD,
  STORE,
} from './pointer-checks.ts'
import { invalid, type NfpRefusal, type Refusals, unsupported } from './refusal.ts'
import { constantOffset, isConstant } from './register-type.ts'
import { cardStackBytes } from './stack-usage.ts'
import { isSupportedInsn } from './supported-insns.ts'
import { translateForCard } from './translate-for-card.ts'
import { translationRefusal } from './translation-checks.ts'

/** Registers that programs can name; constant blinding uses one more. */
const MAX_BPF_REG = 11

const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW

/** The verifier's words: maps of a device have no address for programs. @see resolve_pseudo_ldimm64 */
const NO_DIRECT_VALUE: NfpRefusal = {
  ...invalid('map-direct-value', 'no direct value access support for this map type'),
  prefix: '',
}

const ADJUST_HEAD = helperByName('bpf_xdp_adjust_head')?.id

/** What a load for a card brings. */
export interface NfpProgram {
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly insns: readonly Insn[]
  /** From BTF.ext, by slot; for listings. */
  readonly lineInfo?: readonly ProgramSourceLine[] | undefined
}

/** A line of the source that instructions from a slot on came from. */
export interface ProgramSourceLine {
  readonly pc: number
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

/** Options of {@link NfpHooks}. */
export interface NfpHooksOptions {
  readonly card: NfpCard
  readonly program: NfpProgram
  /** The card's maps by id. */
  readonly maps: ReadonlyMap<number, OffloadedMap>
  /**
   * Takes every refusal and lets the verifier go on, where the driver would stop at the first: for advice. `pc` is absent
   * for what concerns the program as a whole.
   */
  readonly onRefusal?: (refusal: NfpRefusal, pc?: number) => void
  /** Sees each visit of an instruction, before it is judged. */
  readonly onVisit?: (pc: number, visit: CheckContext) => void
}

/** What is known once a program was verified. */
export interface NfpFindings {
  readonly facts: readonly InsnFact[]
  readonly stackDepthBytes: readonly number[]
  /** By slot: the map that an LD_IMM64 names. */
  readonly maps: readonly (VerifierMap | undefined)[]
}

/**
 * The nfp driver's say while a program is verified: which instructions, helpers, pointers and ranges the card can do.
 * One object for one load.
 *
 * @see nfp_verify_insn, nfp_bpf_finalize in drivers/net/ethernet/netronome/nfp/bpf/verifier.c
 */
export class NfpHooks implements DeviceHooks {
  readonly prefix = '[nfp] '
  /** Lines for the verifier's log that refuse nothing. */
  readonly warnings: string[] = []
  /** Highest byte of the packet that an instruction may touch. */
  maxPacketOffset = 0
  /** Stack that the program takes on the card; 0 before it was verified. */
  stackBytes = 0
  /** The program in the card's words, once it was accepted; not where refusals are collected. */
  translation: NfpTranslation | undefined
  /** Kept when the verifier is done. */
  findings: NfpFindings | undefined
  readonly notes: InsnNotes = new InsnNotes()
  readonly adjustHead: AdjustHeadSite = new AdjustHeadSite()
  readonly #options: NfpHooksOptions

  constructor(options: NfpHooksOptions) {
    this.#options = options
  }

  /** What is loaded. */
  get program(): NfpProgram {
    return this.#options.program
  }

  insn(
    pc: number,
    insn: Insn,
    registers: (n: number) => RegisterFact,
    stackIsZero?: (offsetBytes: number, pointer?: number) => boolean,
    print?: (line: string) => void,
  ): DeviceRefusal | undefined {
    const { card, program, maps, onVisit } = this.#options
    const context: CheckContext = {
      firmware: card.firmware,
      programType: program.type,
      insn,
      registers,
      stackIsZero,
      map: ({ mapId }) => (mapId === undefined ? undefined : maps.get(mapId)),
      warn: (text) => {
        this.warnings.push(text)
        print?.(text)
      },
    }
    onVisit?.(pc, context)
    return this.#judge(this.#check(pc, context), pc)
  }

  finalize(
    facts: readonly InsnFact[],
    stackDepthBytes: readonly number[],
    maps: readonly (VerifierMap | undefined)[] = [],
  ): DeviceRefusal | undefined {
    this.findings = { facts, stackDepthBytes, maps }
    this.stackBytes = cardStackBytes(this.#options.program.insns, stackDepthBytes)
    const tooLarge = this.#judge(this.#checkStack())
    if (tooLarge !== undefined) return tooLarge
    if (this.#options.onRefusal === undefined) return this.#translate()
    for (const [pc, insn] of this.#options.program.insns.entries()) {
      if (facts[pc]?.visited !== false) this.#judge(this.#checkTranslation(pc, insn), pc)
    }
    return undefined
  }

  /** What a driver does once the verifier is done; its words go to the kernel's log, here to the verifier's. */
  #translate(): DeviceRefusal | undefined {
    const { card, program, maps } = this.#options
    const { translation, refusal } = translateForCard(card, program, this, maps)
    this.translation = translation
    return refusal === undefined ? undefined : { errno: refusal.errno, message: refusal.message, prefix: '' }
  }

  /** The first refusal, as the driver stops there; all of them go to who asked for all. */
  #judge(refusals: Refusals, pc?: number): DeviceRefusal | undefined {
    const { onRefusal } = this.#options
    for (const refusal of refusals) {
      if (onRefusal === undefined) {
        const { errno, message, prefix } = refusal
        return { errno, message, ...(prefix === undefined ? {} : { prefix }) }
      }
      onRefusal(refusal, pc)
    }
    return undefined
  }

  *#check(pc: number, context: CheckContext): Refusals {
    const { insn, registers } = context
    if (!isSupportedInsn(insn)) {
      yield invalid('insn-unsupported', `instruction 0x${insn.opcode.toString(16)} not supported`)
      return
    }
    if (insn.src >= MAX_BPF_REG || insn.dst >= MAX_BPF_REG) {
      yield invalid('extended-registers', 'program uses extended registers - jit hardening?')
      return
    }
    const cls = insn.opcode & 7
    const kind = accessKind(insn.opcode)
    if (insn.opcode === (BPF_JMP | BPF_CALL)) yield* this.#checkCall(pc, context)
    else if (insn.opcode === (BPF_JMP | BPF_EXIT)) yield* checkExit(context)
    else if (kind === LOAD || kind === STORE || kind === ATOMIC) yield* this.#checkAccess(pc, kind, context)
    else if (cls === BPF_ST) this.#notePacketAccess(insn, registers(insn.dst))
    else if (insn.opcode === LD_IMM64 && insn.src === BPF_PSEUDO_MAP_VALUE) yield NO_DIRECT_VALUE
    else if (cls === BPF_ALU || cls === BPF_ALU64) yield* checkAlu(context, this.notes.alu(pc))
  }

  *#checkCall(pc: number, context: CheckContext): Refusals {
    const { insn, firmware, registers } = context
    if (insn.src === BPF_PSEUDO_CALL) return
    yield* checkHelperCall(context, insn.imm, this.notes.helper(pc))
    if (insn.imm === ADJUST_HEAD && firmware.adjustHead !== undefined) {
      this.adjustHead.visit(pc, registers(2), firmware.adjustHead)
    }
  }

  *#checkAccess(pc: number, kind: number, context: CheckContext): Refusals {
    const { insn } = context
    const pointer = context.registers(kind === LOAD ? insn.src : insn.dst)
    this.#notePacketAccess(insn, pointer)
    const memory = this.notes.pointer(pc)
    if (kind === LOAD) yield* checkPointer(context, pointer, memory)
    else if (kind === STORE) yield* checkStore(context, memory)
    else yield* checkAtomic(context, memory)
  }

  /** @see check_packet_access in kernel/bpf/verifier.c */
  #notePacketAccess(insn: Insn, pointer: RegisterFact): void {
    if (pointer.kind !== 'pkt') return
    const fixed = isConstant(pointer) ? constantOffset(pointer) : (pointer.offset ?? 0)
    const variable = isConstant(pointer) ? 0 : Number(pointer.umax)
    const last = fixed + insn.off + variable + accessBytes(insn.opcode) - 1
    this.maxPacketOffset = Math.max(this.maxPacketOffset, last)
  }

  *#checkStack(): Refusals {
    const { stackBytes } = this.#options.card.firmware
    if (this.stackBytes <= stackBytes) return
    const sizes = `program ${this.stackBytes}B > FW stack ${stackBytes}B`
    yield unsupported('stack-size', `stack too large: ${sizes}`)
  }

  *#checkTranslation(pc: number, insn: Insn): Refusals {
    const refusal = translationRefusal(this.#options.program.type, pc, insn, this.notes.pointerAt(pc)?.kind)
    if (refusal !== undefined) yield refusal
  }
}

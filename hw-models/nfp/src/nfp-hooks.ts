import { BPF_ALU, BPF_ALU64, BPF_CALL, BPF_EXIT, BPF_JMP, BPF_PSEUDO_CALL, BPF_ST, type Insn } from '@bpfoundry/isa'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { DeviceHooks, DeviceRefusal, InsnFact, RegisterFact, RegisterKind } from '@bpfoundry/verifier'
import { checkAlu, newAluMemory } from './alu-checks.ts'
import type { NfpCard } from './card.ts'
import type { AluMemory, CheckContext, HelperMemory, PointerMemory } from './check-context.ts'
import { checkExit } from './exit-checks.ts'
import { checkHelperCall } from './helper-checks.ts'
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
import { constantOffset } from './register-type.ts'
import { cardStackBytes } from './stack-usage.ts'
import { isSupportedInsn } from './supported-insns.ts'
import { translationRefusal } from './translation-checks.ts'

/** Registers that programs can name; constant blinding uses one more. */
const MAX_BPF_REG = 11

/** What a load for a card brings. */
export interface NfpProgram {
  /** BPF_PROG_TYPE_* */
  readonly type: number
  readonly insns: readonly Insn[]
}

/** Options of {@link NfpHooks}. */
export interface NfpHooksOptions {
  readonly card: NfpCard
  readonly program: NfpProgram
  /** The card's maps by id. */
  readonly maps: ReadonlyMap<number, OffloadedMap>
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
  readonly #options: NfpHooksOptions
  readonly #helpers = new Map<number, HelperMemory>()
  readonly #pointers = new Map<number, PointerMemory>()
  readonly #alu = new Map<number, AluMemory>()
  /** Pointer of each constant store seen. */
  readonly #constantStores = new Map<number, RegisterKind>()

  constructor(options: NfpHooksOptions) {
    this.#options = options
  }

  insn(
    pc: number,
    insn: Insn,
    registers: (n: number) => RegisterFact,
    stackIsZero?: (offsetBytes: number) => boolean,
  ): DeviceRefusal | undefined {
    if (!isSupportedInsn(insn)) {
      return { errno: ERRNO.EINVAL, message: `instruction 0x${insn.opcode.toString(16)} not supported` }
    }
    if (insn.src >= MAX_BPF_REG || insn.dst >= MAX_BPF_REG) {
      return { errno: ERRNO.EINVAL, message: 'program uses extended registers - jit hardening?' }
    }
    const { card, program, maps } = this.#options
    return this.#check(pc, {
      firmware: card.firmware,
      programType: program.type,
      insn,
      registers,
      stackIsZero,
      map: ({ mapId }) => (mapId === undefined ? undefined : maps.get(mapId)),
      warn: (text) => this.warnings.push(text),
    })
  }

  finalize(facts: readonly InsnFact[], stackDepthBytes: readonly number[]): DeviceRefusal | undefined {
    const { card, program } = this.#options
    this.stackBytes = cardStackBytes(program.insns, stackDepthBytes)
    if (this.stackBytes > card.firmware.stackBytes) {
      return {
        errno: ERRNO.EOPNOTSUPP,
        message: `stack too large: program ${this.stackBytes}B > FW stack ${card.firmware.stackBytes}B`,
      }
    }
    for (const [pc, insn] of program.insns.entries()) {
      if (facts[pc]?.visited === false) continue
      const pointer = this.#pointers.get(pc)?.kind ?? this.#constantStores.get(pc)
      const refusal = translationRefusal(program.type, pc, insn, pointer)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #check(pc: number, context: CheckContext): DeviceRefusal | undefined {
    const { insn } = context
    if (insn.opcode === (BPF_JMP | BPF_CALL)) {
      if (insn.src === BPF_PSEUDO_CALL) return undefined
      return checkHelperCall(
        context,
        insn.imm,
        memoryAt(this.#helpers, pc, () => ({})),
      )
    }
    if (insn.opcode === (BPF_JMP | BPF_EXIT)) return checkExit(context)
    const kind = accessKind(insn.opcode)
    if (kind === LOAD || kind === STORE || kind === ATOMIC) return this.#checkAccess(pc, kind, context)
    const cls = insn.opcode & 7
    if (cls === BPF_ST) this.#noteConstantStore(pc, context)
    if (cls === BPF_ALU || cls === BPF_ALU64) return checkAlu(context, memoryAt(this.#alu, pc, newAluMemory))
    return undefined
  }

  #checkAccess(pc: number, kind: number, context: CheckContext): DeviceRefusal | undefined {
    const { insn } = context
    const pointer = context.registers(kind === LOAD ? insn.src : insn.dst)
    this.#notePacketAccess(insn, pointer)
    const memory = memoryAt<PointerMemory>(this.#pointers, pc, () => ({}))
    if (kind === LOAD) return checkPointer(context, pointer, memory)
    return kind === STORE ? checkStore(context, memory) : checkAtomic(context, memory)
  }

  #noteConstantStore(pc: number, context: CheckContext): void {
    const pointer = context.registers(context.insn.dst)
    this.#notePacketAccess(context.insn, pointer)
    this.#constantStores.set(pc, pointer.kind)
  }

  /** @see check_packet_access in kernel/bpf/verifier.c */
  #notePacketAccess(insn: Insn, pointer: RegisterFact): void {
    if (pointer.kind !== 'pkt') return
    const fixed = pointer.constant ? constantOffset(pointer) : (pointer.offset ?? 0)
    const variable = pointer.constant ? 0 : Number(pointer.umax)
    const last = fixed + insn.off + variable + accessBytes(insn.opcode) - 1
    this.maxPacketOffset = Math.max(this.maxPacketOffset, last)
  }
}

function memoryAt<T>(memories: Map<number, T>, pc: number, make: () => T): T {
  const known = memories.get(pc)
  if (known !== undefined) return known
  const made = make()
  memories.set(pc, made)
  return made
}

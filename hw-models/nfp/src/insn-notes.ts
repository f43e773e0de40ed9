import { BPF_ALU, BPF_ALU64, type Insn } from '@bpfoundry/isa'
import type { NfpCallFact, NfpEventDataKind, NfpInsnFact, NfpPointer, NfpPointerKind } from '@bpfoundry/jit-nfp'
import type { RegisterFact } from '@bpfoundry/verifier'
import { newAluMemory } from './alu-checks.ts'
import type { AluMemory, HelperMemory, PointerMemory } from './check-context.ts'
import { ATOMIC, accessKind } from './pointer-checks.ts'
import { constantOffset, varOffValue } from './register-type.ts'

/**
 * What the driver keeps of each instruction while a program is verified (`struct nfp_insn_meta`), and what of it the
 * translator is told.
 */
export class InsnNotes {
  readonly #helpers = new Map<number, HelperMemory>()
  readonly #pointers = new Map<number, PointerMemory>()
  readonly #alu = new Map<number, AluMemory>()

  helper(pc: number): HelperMemory {
    return noteAt(this.#helpers, pc, () => ({}))
  }

  pointer(pc: number): PointerMemory {
    return noteAt<PointerMemory>(this.#pointers, pc, () => ({}))
  }

  alu(pc: number): AluMemory {
    return noteAt(this.#alu, pc, newAluMemory)
  }

  /** The pointer that an access went through last; undefined where no path came by. */
  pointerAt(pc: number): RegisterFact | undefined {
    return this.#pointers.get(pc)?.pointer
  }

  /** For the translator. */
  factAt(pc: number, insn: Insn): NfpInsnFact {
    const cls = insn.opcode & 7
    if (cls === BPF_ALU || cls === BPF_ALU64) {
      const ranges = this.#alu.get(pc)
      return ranges === undefined ? {} : { ranges: { ...ranges } }
    }
    const helper = this.#helpers.get(pc)
    if (helper !== undefined) return { call: callFact(helper) }
    const access = this.#pointers.get(pc)
    return access === undefined ? {} : accessFact(insn, access)
  }
}

function noteAt<T>(notes: Map<number, T>, pc: number, make: () => T): T {
  const known = notes.get(pc)
  if (known !== undefined) return known
  const made = make()
  notes.set(pc, made)
  return made
}

function callFact({ argument, varies }: HelperMemory): NfpCallFact {
  if (argument === undefined) return {}
  return {
    eventData: argument.kind as NfpEventDataKind,
    ...(argument.kind === 'fp' ? { keyOffset: constantOffset(argument) } : {}),
    ...(varies === true ? { keyVaries: true } : {}),
  }
}

function accessFact(insn: Insn, access: PointerMemory): NfpInsnFact {
  const { pointer, varies, ofCaller, addsOver16Bit, mayAdd16Bit } = access
  const isAtomic = accessKind(insn.opcode) === ATOMIC
  return {
    ...(pointer === undefined ? {} : { pointer: pointerFact(pointer) }),
    ...(varies === true ? { pointerVaries: true } : {}),
    ...(ofCaller === true ? { callerFrame: true } : {}),
    ...(isAtomic ? { addend: { maybe16Bit: mayAdd16Bit === true, over16Bit: addsOver16Bit === true } } : {}),
  }
}

function pointerFact(pointer: RegisterFact): NfpPointer {
  const { kind, offset = 0, now } = pointer
  const knownVariable = Number(BigInt.asIntN(64, varOffValue(pointer)))
  return { kind: kind as NfpPointerKind, offset, knownVariable, id: now?.id ?? 0 }
}

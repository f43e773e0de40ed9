/** Lays a program out anew after slots were dropped or replaced by several, and links its jumps again. */
import type { Insn } from '@bpfoundry/isa'
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP32 } from '@bpfoundry/isa'
import { isFunctionLoad, isJumpClass, isSubprogramCall, jumpTarget } from '../program/control-flow.ts'
import { VerifierError } from '../verifier-error.ts'

export interface Layout {
  readonly insns: readonly Insn[]
  /** New slot of each old one; of a dropped slot, that of the next one that stays. One more entry for the end. */
  readonly starts: Int32Array
}

const [S16_MIN, S16_MAX] = [-0x8000, 0x7fff]

function checkedOffset(off: number, pc: number): number {
  if (off >= S16_MIN && off <= S16_MAX) return off
  throw new VerifierError({
    code: 'VERIFIER_JUMP_RANGE',
    message: 'a jump grew out of the 16 bits of its offset while accesses were rewritten',
    where: { pc },
    got: off,
    expected: `${S16_MIN} to ${S16_MAX}`,
  })
}

/** `insn`, of old slot `pc`, standing at new slot `at`. */
function relinked(insn: Insn, pc: number, at: number, starts: Int32Array): Insn {
  if (isSubprogramCall(insn) || isFunctionLoad(insn))
    return { ...insn, imm: (starts[pc + insn.imm + 1] as number) - at - 1 }
  const operation = insn.opcode & 0xf0
  if (!isJumpClass(insn) || operation === BPF_CALL || operation === BPF_EXIT || operation === 0xf0) return insn
  const distance = (starts[jumpTarget(insn, pc)] as number) - at - 1
  const isLong = (insn.opcode & 0x07) === BPF_JMP32 && operation === BPF_JA
  return isLong ? { ...insn, imm: distance } : { ...insn, off: checkedOffset(distance, pc) }
}

/**
 * @param replacements what each old slot becomes: nothing, one instruction, or several; of those only the last may jump
 *   elsewhere, as its old slot does, the others among themselves
 * @throws VerifierError VERIFIER_JUMP_RANGE
 */
export function relayout(replacements: readonly (readonly Insn[])[]): Layout {
  const starts = new Int32Array(replacements.length + 1)
  let length = 0
  replacements.forEach((replacement, pc) => {
    starts[pc] = length
    length += replacement.length
  })
  starts[replacements.length] = length
  const insns: Insn[] = []
  replacements.forEach((replacement, pc) => {
    const last = replacement.length - 1
    replacement.forEach((insn, index) => {
      insns.push(index === last ? relinked(insn, pc, insns.length, starts) : insn)
    })
  })
  return { insns, starts }
}

/** Lays a program out anew after slots were dropped or replaced by several, and links its jumps again. */
import type { Insn } from '@bpfoundry/isa'
import { BPF_CALL, BPF_EXIT, BPF_JA, BPF_JMP32 } from '@bpfoundry/isa'
import { isFunctionLoad, isJumpClass, isSubprogramCall, jumpTarget } from '../program/control-flow.ts'
import { VerifierError } from '../verifier-error.ts'

/** One instruction of what a slot becomes. */
export interface Part {
  readonly insn: Insn
  /** Old slot that it jumps to, calls or names; absent where it does none of it, or stays among its neighbours. */
  readonly to?: number
}

export interface Layout {
  readonly insns: readonly Insn[]
  /** New slot of each old one; of a dropped slot, that of the next one that stays. One more entry for the end. */
  readonly starts: Int32Array
  /** The same, but behind the prologue of a function's first slot: where jumps arrive. */
  readonly bodies: Int32Array
}

/** Old slot that the instruction of slot `pc` leads to, but for the next one. */
function targetOf(insn: Insn, pc: number): number | undefined {
  if (isSubprogramCall(insn) || isFunctionLoad(insn)) return pc + insn.imm + 1
  const operation = insn.opcode & 0xf0
  if (!isJumpClass(insn) || operation === BPF_CALL || operation === BPF_EXIT || operation === 0xf0) return undefined
  return jumpTarget(insn, pc)
}

/** The instruction of slot `pc` as it is: it leads where it led. */
export function unchanged(insn: Insn, pc: number): Part {
  const to = targetOf(insn, pc)
  return to === undefined ? { insn } : { insn, to }
}

/** Instructions that jump at most among themselves. */
export function among(insns: readonly Insn[]): readonly Part[] {
  return insns.map((insn) => ({ insn }))
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

type Places = Pick<Layout, 'starts' | 'bodies'>

/** The instruction of `part`, of old slot `pc`, standing at new slot `at`. */
function linked({ insn, to }: Part, pc: number, at: number, { starts, bodies }: Places): Insn {
  if (to === undefined) return insn
  if (isSubprogramCall(insn) || isFunctionLoad(insn)) return { ...insn, imm: (starts[to] as number) - at - 1 }
  const distance = (bodies[to] as number) - at - 1
  const isLong = (insn.opcode & 0x07) === BPF_JMP32 && (insn.opcode & 0xf0) === BPF_JA
  return isLong ? { ...insn, imm: distance } : { ...insn, off: checkedOffset(distance, pc) }
}

type Prologues = ReadonlyMap<number, readonly Insn[]>

function placesOf(replacements: readonly (readonly Part[])[], prologues: Prologues): Places {
  const starts = new Int32Array(replacements.length + 1)
  const bodies = new Int32Array(replacements.length + 1)
  let length = 0
  replacements.forEach((replacement, pc) => {
    starts[pc] = length
    length += prologues.get(pc)?.length ?? 0
    bodies[pc] = length
    length += replacement.length
  })
  starts[replacements.length] = length
  bodies[replacements.length] = length
  return { starts, bodies }
}

/**
 * @param replacements what each old slot becomes: nothing, one instruction, or several
 * @param prologues what stands before a function's first slot, where calls arrive and jumps do not
 * @throws VerifierError VERIFIER_JUMP_RANGE
 */
export function relayout(replacements: readonly (readonly Part[])[], prologues: Prologues = new Map()): Layout {
  const places = placesOf(replacements, prologues)
  const insns: Insn[] = []
  replacements.forEach((replacement, pc) => {
    insns.push(...(prologues.get(pc) ?? []))
    for (const part of replacement) insns.push(linked(part, pc, insns.length, places))
  })
  return { insns, ...places }
}

/**
 * Look-up and update of BPF_MAP_TYPE_ARRAY: r2 is the key's address, r3 the value's, r4 the flags.
 *
 * @see array_map_gen_lookup in kernel/bpf/arraymap.c, for the idea
 */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP_IMM,
  BPF_JMP32_IMM,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MUL,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { BPF_EXIST, BPF_NOEXIST, ERRNO } from '@bpfoundry/kernel-abi'
import { BPF_F_LOCK } from '../indexed-map.ts'
import { copy } from './byte-insns.ts'
import { answer, answers } from './inline-call.ts'
import { jump, label, type Steps, sequence } from './insn-sequence.ts'

/** Where an array's values lie. */
export interface ArrayGeometry {
  readonly valueBase: number
  readonly elementBytes: number
  readonly valueBytes: number
  readonly maxEntries: number
}

/** register *= factor, a shift where that does. 32 bits wide, as guest addresses are. */
export function multiply(register: number, factor: number): Insn {
  const bits = Math.log2(factor)
  return Number.isInteger(bits) ? BPF_ALU32_IMM(BPF_LSH, register, bits) : BPF_ALU32_IMM(BPF_MUL, register, factor)
}

/** r0 = the index at r2, else on to `outside`. */
function loadIndex(maxEntries: number, outside: string): Steps {
  return [BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_2, 0), jump(BPF_JMP32_IMM(BPF_JGE, BPF_REG_0, maxEntries, 0), outside)]
}

/** Index in r0 to address in r0. `cpuPart` adds what the CPU makes of it. */
function indexToAddress({ elementBytes, valueBase }: ArrayGeometry, cpuPart: Steps): Steps {
  return [multiply(BPF_REG_0, elementBytes), BPF_ALU32_IMM(BPF_ADD, BPF_REG_0, valueBase), cpuPart]
}

/** The look-up, with `cpuPart` adding to r0 where CPUs have values of their own. */
export function arrayLookup(geometry: ArrayGeometry, cpuPart: Steps = []): Insn[] {
  const address = [indexToAddress(geometry, cpuPart), BPF_EXIT_INSN()]
  return sequence([loadIndex(geometry.maxEntries, 'outside'), address, label('outside'), answer(0)])
}

/** The update; its refusals in the order of `checkArrayUpdate`. */
export function arrayUpdate(geometry: ArrayGeometry, cpuPart: Steps = []): Insn[] {
  const { EINVAL, E2BIG, EEXIST } = ERRNO
  return sequence([
    jump(BPF_JMP_IMM(BPF_JGT, BPF_REG_4, BPF_F_LOCK + BPF_EXIST, 0), 'invalid'),
    jump(BPF_JMP_IMM(BPF_JEQ, BPF_REG_4, BPF_EXIST + 1, 0), 'invalid'),
    loadIndex(geometry.maxEntries, 'outside'),
    jump(BPF_JMP_IMM(BPF_JEQ, BPF_REG_4, BPF_NOEXIST, 0), 'exists'),
    jump(BPF_JMP_IMM(BPF_JEQ, BPF_REG_4, BPF_F_LOCK + BPF_NOEXIST, 0), 'exists'),
    // A value has no spin lock as long as maps know nothing of BTF.
    jump(BPF_JMP_IMM(BPF_JGT, BPF_REG_4, BPF_EXIST, 0), 'invalid'),
    indexToAddress(geometry, cpuPart),
    copy([BPF_REG_0, 0], BPF_REG_3, geometry.valueBytes, BPF_REG_5, { name: 'piece', counter: BPF_REG_1 }),
    answer(0),
    answers(['invalid', -EINVAL], ['outside', -E2BIG], ['exists', -EEXIST]),
  ])
}

/**
 * Sequences that one machine instruction does. Analyses only: nothing is rewritten, back ends translate what is found.
 */
import { BPF_ADD, BPF_ALU64, BPF_K, BPF_MOV, BPF_X, type Insn, lookupInsn, type Operation } from '@bpfoundry/isa'

/** `dst = src; dst += offset`: an address, which x86 makes by `lea` and arm64 by an add of three operands. */
export interface AddressForm {
  readonly dst: number
  readonly src: number
  readonly offset: number
}

const MOV64_X = BPF_ALU64 | BPF_MOV | BPF_X
const ADD64_K = BPF_ALU64 | BPF_ADD | BPF_K

/** The address that the two instructions from `pc` on make, undefined when they make none. */
export function addressAt(insns: readonly Insn[], pc: number): AddressForm | undefined {
  const [move, add] = [insns[pc], insns[pc + 1]]
  if (move?.opcode !== MOV64_X || move.off !== 0 || add?.opcode !== ADD64_K || add.dst !== move.dst) return undefined
  return { dst: move.dst, src: move.src, offset: add.imm }
}

/**
 * `t = s; t <<= k; s >>= bits - k; t |= s` in any order that does the same: `dst` is the rotated value. The other register
 * ends as half of it, which must still be made when it is live behind.
 */
export interface Rotation {
  /** Holds the value at the beginning. */
  readonly value: number
  /** Holds the rotated value at the end: `value` or `temporary`. */
  readonly dst: number
  /** The register that the value is copied to. */
  readonly temporary: number
  readonly bits: 32 | 64
  /** How far to the left, 1 to bits - 1. */
  readonly left: number
  /** Instructions, all of one slot. */
  readonly length: 4
}

interface Step {
  readonly dst: number
  readonly src: number
  readonly imm: number
  readonly bits: number
  readonly operation: Operation
  readonly immediate: boolean
}

function stepAt(insns: readonly Insn[], pc: number): Step | undefined {
  const insn = insns[pc]
  const row = insn === undefined ? undefined : lookupInsn(insn)
  if (insn === undefined || row?.kind !== 'alu') return undefined
  const { dst, src, imm } = insn
  return { dst, src, imm, bits: row.bits, operation: row.operation, immediate: row.imm === 'imm' }
}

/** The rotation that the four instructions from `pc` on make, undefined when they make none. */
export function rotateAt(insns: readonly Insn[], pc: number): Rotation | undefined {
  const [copy, first, second, or] = [0, 1, 2, 3].map((n) => stepAt(insns, pc + n))
  if (copy === undefined || first === undefined || second === undefined || or === undefined) return undefined
  const [temporary, value, bits] = [copy.dst, copy.src, copy.bits]
  if (copy.operation !== 'mov' || copy.immediate || temporary === value) return undefined
  if (![first, second, or].every((step) => step.bits === bits)) return undefined
  if (or.operation !== 'or' || or.immediate || !arePair(or.dst, or.src, temporary, value)) return undefined
  if (!arePair(first.dst, second.dst, temporary, value)) return undefined
  const left = [first, second].find(({ operation, immediate }) => operation === 'lsh' && immediate)
  const right = [first, second].find(({ operation, immediate }) => operation === 'rsh' && immediate)
  if (left === undefined || right === undefined || left.imm <= 0 || left.imm + right.imm !== bits) return undefined
  return { value, dst: or.dst, temporary, bits: bits === 32 ? 32 : 64, left: left.imm, length: 4 }
}

const arePair = (a: number, b: number, c: number, d: number): boolean => (a === c && b === d) || (a === d && b === c)

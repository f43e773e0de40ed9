/** The hash of a key (see key-hash.ts) as instructions. A rotation is written as compilers of C do, on a copy. */
import {
  BPF_ADD,
  BPF_ALU32_IMM,
  BPF_ALU32_REG,
  BPF_B,
  BPF_H,
  BPF_LDX_MEM,
  BPF_LSH,
  BPF_MOV32_IMM,
  BPF_MOV32_REG,
  BPF_OR,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_5,
  BPF_RSH,
  BPF_SUB,
  BPF_W,
  BPF_XOR,
  type Insn,
} from '@bpfoundry/isa'
import { HASH_START, rotate } from '../key-hash.ts'

const [A, B, C] = [BPF_REG_0, BPF_REG_3, BPF_REG_4]
const [T, U] = [BPF_REG_1, BPF_REG_5]
const KEY = BPF_REG_2
/** Register that the hash is left in, zero-extended. */
export const HASH_REGISTER: number = C

/** T = x rotated to the left; U is used up. */
function rotated(x: number, bits: number): Insn[] {
  return [
    BPF_MOV32_REG(U, x),
    BPF_MOV32_REG(T, U),
    BPF_ALU32_IMM(BPF_LSH, T, bits),
    BPF_ALU32_IMM(BPF_RSH, U, 32 - bits),
    BPF_ALU32_REG(BPF_OR, T, U),
  ]
}

/** x = (x ^ y) - rotate(y, bits): a step of final() */
function finalStep(x: number, y: number, bits: number): Insn[] {
  return [BPF_ALU32_REG(BPF_XOR, x, y), ...rotated(y, bits), BPF_ALU32_REG(BPF_SUB, x, T)]
}

/** x = (x - y) ^ rotate(y, bits); y += z: a step of mix() */
function mixStep(x: number, y: number, z: number, bits: number): Insn[] {
  return [BPF_ALU32_REG(BPF_SUB, x, y), ...rotated(y, bits), BPF_ALU32_REG(BPF_XOR, x, T), BPF_ALU32_REG(BPF_ADD, y, z)]
}

const LAST_STEPS = [...finalStep(A, C, 4), ...finalStep(B, A, 14), ...finalStep(C, B, 24)]
const FINAL = [
  ...finalStep(C, B, 14),
  ...finalStep(A, C, 11),
  ...finalStep(B, A, 25),
  ...finalStep(C, B, 16),
  ...LAST_STEPS,
]
const MIX = [
  ...mixStep(A, C, B, 4),
  ...mixStep(B, A, C, 6),
  ...mixStep(C, B, A, 8),
  ...mixStep(A, C, B, 16),
  ...mixStep(B, A, C, 19),
  ...mixStep(C, B, A, 4),
]

/** Of one word: b and c begin alike, so that the first two steps of final() are constants. */
function wordHash(seed: number): Insn[] {
  const start = (HASH_START + 4 + seed) | 0
  const c = -rotate(start, 14) | 0
  return [
    BPF_LDX_MEM(BPF_W, A, KEY, 0),
    BPF_ALU32_IMM(BPF_ADD, A, start),
    BPF_ALU32_IMM(BPF_XOR, A, c),
    BPF_ALU32_IMM(BPF_SUB, A, rotate(c, 11)),
    BPF_MOV32_IMM(B, start),
    ...finalStep(B, A, 25),
    BPF_MOV32_IMM(C, c),
    ...finalStep(C, B, 16),
    ...LAST_STEPS,
  ]
}

/** register += up to 4 bytes of the key, little-endian. */
function addPart(register: number, at: number, lengthBytes: number): Insn[] {
  if (lengthBytes >= 4) return [BPF_LDX_MEM(BPF_W, T, KEY, at), BPF_ALU32_REG(BPF_ADD, register, T)]
  const insns = lengthBytes >= 2 ? [BPF_LDX_MEM(BPF_H, T, KEY, at), BPF_ALU32_REG(BPF_ADD, register, T)] : []
  if (lengthBytes === 2) return insns
  const last = lengthBytes - 1
  const shift = last === 0 ? [] : [BPF_ALU32_IMM(BPF_LSH, T, 8 * last)]
  return [...insns, BPF_LDX_MEM(BPF_B, T, KEY, at + last), ...shift, BPF_ALU32_REG(BPF_ADD, register, T)]
}

/**
 * r4 = hash of the `lengthBytes` bytes at r2; r0, r1, r3 and r5 are used up.
 *
 * @param lengthBytes at least 1
 */
export function keyHash(lengthBytes: number, seed: number): Insn[] {
  if (lengthBytes === 4) return wordHash(seed)
  const insns = [A, B, C].map((register) => BPF_MOV32_IMM(register, (HASH_START + lengthBytes + seed) | 0))
  let at = 0
  for (; lengthBytes - at > 12; at += 12) {
    insns.push(...addPart(A, at, 4), ...addPart(B, at + 4, 4), ...addPart(C, at + 8, 4), ...MIX)
  }
  for (const register of [A, B, C]) {
    if (at < lengthBytes) insns.push(...addPart(register, at, lengthBytes - at))
    at += 4
  }
  return [...insns, ...FINAL]
}

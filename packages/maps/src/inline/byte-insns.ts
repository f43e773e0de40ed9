/** Copying and comparing byte strings of known length. */
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_B,
  BPF_DW,
  BPF_H,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_JNE,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_STX_MEM,
  BPF_SUB,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { jump, label, type Steps } from './insn-sequence.ts'

/** Over this many bytes a copy is a loop over pieces of so many. */
const PIECE_BYTES = 64
/** Longest copy that is worth it; the helper's is a call of the engine's own. */
export const LONGEST_COPY_BYTES = 1024

/** The widest accesses that cover `lengthBytes` bytes. */
function chunks(lengthBytes: number): { size: number; at: number }[] {
  const parts: { size: number; at: number }[] = []
  let at = 0
  // biome-ignore format: table
  for (const [size, bytes] of [[BPF_DW, 8], [BPF_W, 4], [BPF_H, 2], [BPF_B, 1]] as const) {
    for (; lengthBytes - at >= bytes; at += bytes) parts.push({ size, at })
  }
  return parts
}

/** Goes to `different` unless the bytes at `a + aOffset` and at `b` are equal; `t` and `u` are used up. */
export function jumpUnlessEqual(
  a: number,
  aOffset: number,
  b: number,
  lengthBytes: number,
  [t, u]: readonly [number, number],
  different: string,
): Steps {
  return chunks(lengthBytes).flatMap(({ size, at }) => [
    BPF_LDX_MEM(size, t, a, aOffset + at),
    BPF_LDX_MEM(size, u, b, at),
    jump(BPF_JMP_REG(BPF_JNE, t, u, 0), different),
  ])
}

/** Copies bytes from `from` to `to + toOffset`; `t` is used up. `name` tells the loops of a sequence apart. */
export function copy(
  [to, toOffset]: readonly [number, number],
  from: number,
  lengthBytes: number,
  t: number,
  loop: { readonly name: string; readonly counter: number },
): Steps {
  const unrolled = (length: number): Insn[] =>
    chunks(length).flatMap(({ size, at }) => [BPF_LDX_MEM(size, t, from, at), BPF_STX_MEM(size, to, t, toOffset + at)])
  if (lengthBytes <= PIECE_BYTES) return unrolled(lengthBytes)
  const pieces = Math.floor(lengthBytes / PIECE_BYTES)
  const copied = pieces * PIECE_BYTES
  return [
    BPF_MOV64_IMM(loop.counter, pieces),
    label(loop.name),
    unrolled(PIECE_BYTES),
    BPF_ALU64_IMM(BPF_ADD, from, PIECE_BYTES),
    BPF_ALU64_IMM(BPF_ADD, to, PIECE_BYTES),
    BPF_ALU64_IMM(BPF_SUB, loop.counter, 1),
    jump(BPF_JMP_IMM(BPF_JNE, loop.counter, 0, 0), loop.name),
    unrolled(lengthBytes - copied),
    BPF_ALU64_IMM(BPF_SUB, to, copied),
  ]
}

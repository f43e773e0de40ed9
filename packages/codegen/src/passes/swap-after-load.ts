/**
 * Brings a byte swap right behind the load whose value it swaps, where one instruction does both (x86 `movbe`).
 *
 * ```
 * r1 = *(u16 *)(r6 +12)             r1 = *(u16 *)(r6 +12)
 * r2 = *(u16 *)(r6 +14)      ->     r1 = be16 r1
 * r1 = be16 r1                      r2 = *(u16 *)(r6 +14)
 * ```
 *
 * Sound: what stood between the two neither reads nor writes the register, so it commutes with the swap. Calls and
 * addresses of functions name their target by distance and are not moved.
 */
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_END,
  BPF_TO_BE,
  BPF_TO_LE,
  type Insn,
  insnSlots,
  lookupInsn,
  subprogTarget,
} from '@bpfoundry/isa'
import type { BasicBlock } from '../control-flow-graph.ts'
import type { Weights } from '../weights.ts'
import { nextTouching } from './draft.ts'

/** Opcodes without one of which there is nothing to bring. */
export const SWAP_OPCODES: readonly number[] = [BPF_ALU | BPF_END | BPF_TO_BE, BPF_ALU64 | BPF_END | BPF_TO_LE]

export function bringSwapsToLoads(insns: Insn[], weights: Weights, block: BasicBlock): void {
  for (let pc = block.start; pc < block.end; pc += insnSlots(insns[pc] as Insn)) {
    const load = insns[pc] as Insn
    if (!isWideLoad(load)) continue
    const at = nextTouching(insns, block, pc, 1 << load.dst)
    if (at <= pc + 1 || swapsBits(insns[at] as Insn) !== bitsOf(load)) continue
    if (isMovable(insns, pc + 1, at)) moveUp(insns, weights, at, pc + 1)
  }
}

/** Of 2 bytes or more, without a sign. */
const isWideLoad = ({ opcode }: Insn): boolean => opcode === 0x69 || opcode === 0x61 || opcode === 0x79
const bitsOf = (insn: Insn): number | undefined => lookupInsn(insn)?.bits

/** Bits that are swapped, undefined when the instruction swaps none. */
function swapsBits(insn: Insn): number | undefined {
  const row = lookupInsn(insn)
  return row?.operation === 'be' || row?.operation === 'bswap' ? row.bits : undefined
}

function isMovable(insns: readonly Insn[], from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (subprogTarget(insns[at] as Insn, at) !== undefined) return false
  return true
}

/** Moves the instruction at `from` to `to`, and what was from there on one slot down. */
function moveUp(insns: Insn[], weights: Weights, from: number, to: number): void {
  const [insn, weight] = [insns[from] as Insn, weights[from] as number]
  insns.copyWithin(to + 1, to, from)
  weights.copyWithin(to + 1, to, from)
  insns[to] = insn
  weights[to] = weight
}

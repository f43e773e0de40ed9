/** Two shifts of one register by constants move or extend a bit field. */
import type { Insn } from '@bpfoundry/isa'
import { sbfm, ubfm } from '../asm/data-processing-immediate.ts'
import { type Register, W, type Width, X } from '../asm/registers.ts'
import { R10, registerOf } from '../register-map.ts'
import type { Fusion } from './fusion.ts'

type BitfieldMove = (sf: Width, Rd: Register, Rn: Register, immr: number, imms: number) => number

/**
 * dst << left >> right, by ubfm or sbfm: with bits - left bits remaining, they go down by right - left (ubfx, sbfx) or up
 * by left - right (ubfiz, sbfiz).
 *
 * ```
 * r1 <<= 32; r1 >>= 32    ->   ubfx x1, x1, #0, #32
 * r1 <<= 48; r1 s>>= 56   ->   sbfx x1, x1, #8, #8
 * ```
 */
export const shiftBackAndForth =
  (bits: 32 | 64): Fusion =>
  (e, pc, end) => {
    const { insns, rows } = e.facts
    const [up, down] = [insns[pc] as Insn, insns[pc + 1] as Insn]
    const name = pc + 1 < end ? rows[pc + 1]?.name : undefined
    const move: BitfieldMove | undefined =
      name === `ALU${bits}_RSH_K` ? ubfm : name === `ALU${bits}_ARSH_K` ? sbfm : undefined
    if (move === undefined || up.dst !== down.dst || up.dst === R10) return pc
    const [left, right] = [up.imm & (bits - 1), down.imm & (bits - 1)]
    const d = registerOf(up.dst)
    e.put(move(bits === 64 ? X : W, d, d, (right - left + bits) % bits, bits - 1 - left))
    return pc + 2
  }

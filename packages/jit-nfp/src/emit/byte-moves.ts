/** Some bytes of a register from or into a place of another one. */
import { NO_SHIFT, type Operand, type Shift, shiftLeft, shiftRight } from '@bpfoundry/microcode'
import type { Emission } from './emission.ts'

/** The lowest `bytes` bits of a byte mask. */
export const byteMask = (bytes: number): number => (1 << bytes) - 1

const towardsEnd = (bytes: number): Shift => (bytes === 0 ? NO_SHIFT : shiftRight(8 * bytes))
const fromEnd = (bytes: number): Shift => (bytes === 0 ? NO_SHIFT : shiftLeft(8 * bytes))

/** dst = the `bytes` bytes of src that begin at byte `offset`. */
export function extractBytes(emit: Emission, dst: Operand, src: Operand, bytes: number, offset: number): void {
  emit.ldFieldClear(dst, byteMask(bytes), src, towardsEnd(offset))
}

/** The lowest `bytes` bytes of src go to byte `offset` of dst; its others stay. */
export function insertBytes(emit: Emission, dst: Operand, src: Operand, bytes: number, offset: number): void {
  emit.ldField(dst, byteMask(bytes) << offset, src, fromEnd(offset))
}

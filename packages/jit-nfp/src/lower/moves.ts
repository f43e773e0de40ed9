/** Moves of registers and constants. */
import { BPF_REG_10 } from '@bpfoundry/isa'
import { gprA, gprB, gprBoth } from '@bpfoundry/microcode'
import { high, low, STACK_START, TEMP_B } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'

/** dst = src. The frame pointer is the start of the stack and the depth of the frame. */
export const move64: Lower = ({ emit, frameDepth }, { dst, src }) => {
  if (src === BPF_REG_10) {
    const depth = emit.unrestricted(frameDepth, TEMP_B)
    emit.alu(gprBoth(low(dst)), STACK_START, '+', depth)
    emit.load(gprBoth(high(dst)), 0)
  } else {
    emit.move(gprBoth(low(dst)), gprB(low(src)))
    emit.move(gprBoth(high(dst)), gprB(high(src)))
  }
}

export const moveConstant64: Lower = ({ emit }, { dst, imm }) => {
  emit.load(gprBoth(low(dst)), imm)
  emit.load(gprBoth(high(dst)), imm >> 31)
}

export const move32: Lower = ({ emit }, { dst, src }) => {
  emit.move(gprBoth(low(dst)), gprB(low(src)))
  emit.load(gprBoth(high(dst)), 0)
}

export const moveConstant32: Lower = ({ emit }, { dst, imm }) => {
  emit.load(gprBoth(low(dst)), imm)
  emit.load(gprBoth(high(dst)), 0)
}

/** First slot of a 64-bit immediate: the second one makes the words. */
export const immediateStart: Lower = () => undefined

/** Second slot: a move is always one word where an immediate may take two. */
export function immediateEnd(
  to: Parameters<Lower>[0],
  first: Parameters<Lower>[1],
  second: Parameters<Lower>[1],
): void {
  const { emit } = to
  emit.load(gprBoth(low(first.dst)), first.imm)
  if (second.imm === first.imm) emit.move(gprBoth(high(first.dst)), gprA(low(first.dst)))
  else emit.load(gprBoth(high(first.dst)), second.imm)
}

/** Registers kept on the stack around something that changes them, in pairs: sp stays a multiple of 16. */
import type { MachineBuffer } from '@bpfoundry/codegen'
import { ldp, ldpPop, popX, pushX, stp, stpPush } from './asm/loads-and-stores.ts'
import { type Register, SP, ZR } from './asm/registers.ts'

const PAIR_BYTES = 16

/** The pairs of a list, the last one filled up with the zero register. */
function pairsOf(registers: readonly Register[]): readonly (readonly [Register, Register])[] {
  const pairs: [Register, Register][] = []
  for (let at = 0; at < registers.length; at += 2) pairs.push([registers[at] as Register, registers[at + 1] ?? ZR])
  return pairs
}

/** Pushes registers, the first lowest. */
export function saveRegisters(code: MachineBuffer, registers: readonly Register[]): void {
  if (registers.length === 1) {
    code.u32(pushX(registers[0] as Register, SP, -PAIR_BYTES))
    return
  }
  const pairs = pairsOf(registers)
  for (const [index, [first, second]] of pairs.entries()) {
    code.u32(
      index === 0 ? stpPush(first, second, SP, -PAIR_BYTES * pairs.length) : stp(first, second, SP, PAIR_BYTES * index),
    )
  }
}

/** Pops what {@link saveRegisters} pushed. */
export function restoreRegisters(code: MachineBuffer, registers: readonly Register[]): void {
  if (registers.length === 1) {
    code.u32(popX(registers[0] as Register, SP, PAIR_BYTES))
    return
  }
  const pairs = pairsOf(registers)
  for (let index = pairs.length - 1; index >= 0; index--) {
    const [first, second] = pairs[index] as readonly [Register, Register]
    code.u32(
      index === 0 ? ldpPop(first, second, SP, PAIR_BYTES * pairs.length) : ldp(first, second, SP, PAIR_BYTES * index),
    )
  }
}

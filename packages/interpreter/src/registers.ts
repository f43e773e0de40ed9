import { CPU_REGISTERS } from '@bpfoundry/engine'

/**
 * Index of a word in the register file: `2 * n` is the low half of Rn, `2 * n + 1` the high half. r0..r10 and AX.
 */
export type Slot =
  | (0 | 1 | 2 | 3 | 4 | 5 | 6 | 7)
  | (8 | 9 | 10 | 11 | 12 | 13 | 14 | 15)
  | (16 | 17 | 18 | 19 | 20 | 21 | 22 | 23)

/**
 * The register file as operations see it: `cpu.regs`, an Int32Array of 24 words. Naming its indices spares a check for
 * undefined at each access, which the type of Int32Array would ask for.
 */
export type Registers = Record<Slot, number>

/** `cpu.regs` under its type with named indices. */
export function registersOf(regs: Int32Array): Registers {
  return regs as unknown as Registers
}

/** Slot of the low word of Rn, undefined when there is no such register. */
export function slotOf(register: number): Slot | undefined {
  return register >= 0 && register < CPU_REGISTERS ? ((2 * register) as Slot) : undefined
}

/** Slot of the high word that belongs to a low word's slot. */
export function highOf(slot: Slot): Slot {
  return (slot + 1) as Slot
}

export const R0: Slot = 0
export const R0_HI: Slot = 1
export const R1: Slot = 2
export const R2: Slot = 4
export const R3: Slot = 6
export const R6: Slot = 12
export const R10: Slot = 20
export const R10_HI: Slot = 21

import type { Cpu } from './cpu.ts'

/**
 * What a helper does. Arguments are r1..r5 in `cpu.regs` (`regs[2]`, `regs[3]` are r1's low and high word), the result
 * goes to r0 (`regs[0]`, `regs[1]`). No BigInt, no allocation: helpers run per packet.
 */
export type HelperFunction = (cpu: Cpu) => void

/** Helpers by number (`BPF_FUNC_*`); undefined where this machine has none. */
export type HelperTable = readonly (HelperFunction | undefined)[]

/** r0 = an unsigned 32-bit number. */
export function returnU32(cpu: Cpu, value: number): void {
  cpu.regs[0] = value
  cpu.regs[1] = 0
}

/** r0 = a 64-bit number from its two words. */
export function returnU64(cpu: Cpu, lo: number, hi: number): void {
  cpu.regs[0] = lo
  cpu.regs[1] = hi
}

/** r0 = a signed number, sign-extended: 0 or -errno. */
export function returnErrno(cpu: Cpu, value: number): void {
  cpu.regs[0] = value
  cpu.regs[1] = value < 0 ? -1 : 0
}

/** Arguments of a helper call out of `cpu.regs`, where each register is a pair of words. */
import type { Cpu } from '@bpfoundry/engine'

const WORD = 2 ** 32

/** Register `n` as a guest address, or as the u32 argument it is. */
export function u32Argument(cpu: Cpu, n: number): number {
  return (cpu.regs[2 * n] as number) >>> 0
}

/** Register `n` as an int argument. */
export function i32Argument(cpu: Cpu, n: number): number {
  return cpu.regs[2 * n] as number
}

/** Register `n` as an unsigned number; exact below 2^53, and never below it when the register is not. */
export function u64Argument(cpu: Cpu, n: number): number {
  return ((cpu.regs[2 * n + 1] as number) >>> 0) * WORD + ((cpu.regs[2 * n] as number) >>> 0)
}

/** r0 = a whole number from 0 to 2^53. */
export function returnNumber(cpu: Cpu, value: number): void {
  cpu.regs[0] = value % WORD
  cpu.regs[1] = value / WORD
}

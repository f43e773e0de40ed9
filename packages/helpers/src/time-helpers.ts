/** The clocks. All of them tell the modelled time of the CPU, which its block holds; none tells the host's. */
import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import { readU64 } from '@bpfoundry/guest-memory'
import { returnNumber } from './registers.ts'

const NOW = CPU_BLOCK.fields.nowNs.offsetBytes
/** CONFIG_HZ=250: the coarse clock and jiffies advance in steps of this. */
export const TICK_NS = 4_000_000

const now = (cpu: Cpu): number => readU64(cpu.memory, cpu.block + NOW)

/** bpf_ktime_get_ns(), _boot_ns(), _tai_ns(): modelled time in ns. There is no suspend, and no calendar. */
export function ktimeGetNs(cpu: Cpu): void {
  returnNumber(cpu, now(cpu))
}

/** bpf_ktime_get_coarse_ns(): modelled time at the last tick. */
export function ktimeGetCoarseNs(cpu: Cpu): void {
  returnNumber(cpu, Math.floor(now(cpu) / TICK_NS) * TICK_NS)
}

/** bpf_jiffies64(): ticks since the start of the run. */
export function jiffies64(cpu: Cpu): void {
  returnNumber(cpu, Math.floor(now(cpu) / TICK_NS))
}

/** What stands before and after the trace of the paths in a log. */
import type { Insn } from '@bpfoundry/isa'
import type { KernelTypes } from '../kernel-types/kernel-types.ts'
import type { Subprogram } from '../verification.ts'
import type { VerifierStats } from '../verifier-api.ts'
import { insnText } from './insn-text.ts'
import { LOG_STATISTICS, type VerifierLog } from './verifier-log.ts'

/** `func#1 @12` for each function. */
export function printSubprograms(log: VerifierLog, subprograms: readonly Subprogram[]): void {
  if (!log.tracesEverything) return
  subprograms.forEach(({ start }, index) => {
    log.print(`func#${index} @${start}\n`)
  })
}

/** The table of registers that are live before each instruction, as kernels from 6.16 on print it. */
export function printLiveRegisters(
  log: VerifierLog,
  insns: readonly Insn[],
  live: Uint16Array,
  kernel: KernelTypes | undefined,
): void {
  if (!log.tracesEverything) return
  log.print('Live regs before insn:\n')
  for (let pc = 0; pc < insns.length; pc++) {
    const columns = Array.from({ length: 10 }, (_, number) => ((live[pc] as number) & (1 << number) ? number : '.'))
    log.print(`    ${String(pc).padStart(3)}: ${columns.join('')} ${insnText(insns, pc, kernel)}\n`)
    if (insns[pc]?.opcode === 0x18) pc++
  }
}

/**
 * The last lines: time and stack depth at level 4, and what was processed of at most `limit` instructions.
 *
 * @param markRead states that the longest walk back from a read went over; 0 for kernels that make none
 */
export function printStatistics(log: VerifierLog, stats: VerifierStats, limit: number, markRead: number): void {
  if ((log.level & LOG_STATISTICS) !== 0) {
    log.print(`verification time ${stats.verificationTimeUs} usec\n`)
    log.print(`stack depth ${stats.stackDepthBytes.join('+')}\n`)
  }
  const states = `total_states ${stats.totalStates} peak_states ${stats.peakStates} mark_read ${markRead}`
  const processed = `processed ${stats.insnsProcessed} insns (limit ${limit})`
  log.print(`${processed} max_states_per_insn ${stats.maxStatesPerInsn} ${states}\n`)
}

import type { InsnRecord } from '../program/insn-record.ts'
import { gatherCopies } from './copy-chains.ts'
import { dropLoadMasks, dropLoadShifts } from './load-results.ts'
import { negateImmediates } from './negated-immediates.ts'
import { sharePacketReads } from './packet-windows.ts'
import { dropContextCopy } from './register-init.ts'

/** Third phase: the passes, in the driver's order. @see nfp_bpf_optimize in nfp/bpf/jit.c */
export function optimise(records: readonly InsnRecord[]): void {
  for (const pass of PASSES) pass(records)
}

const PASSES = [dropContextCopy, negateImmediates, dropLoadMasks, dropLoadShifts, gatherCopies, sharePacketReads]

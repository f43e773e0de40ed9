/**
 * What memories take, in cycles of the cores' clock.
 *
 * @see nfp.md 2: latencies from "Performance characteristics of SmartNICs" as public notes quote it; `read32_swap` and `add_imm`
 * to one line of external memory as J. Krude et al. (CoNEXT 2021) measured them: 197.4 and 248.5 million a second at 800 MHz
 */
import type { MemoryDirection } from './memory-operations.ts'

/** One memory. */
export interface MemoryTiming {
  /** From the issue of a command to its completion, where nothing else is in the way; at least `LOOKAHEAD_CYCLES`. */
  readonly latencyCycles: number
  /** How long a command keeps the memory's engine from the next one. */
  readonly occupancyCycles: Readonly<Record<MemoryDirection, number>>
  /** Engines of the memory that work side by side; commands go to them in turn by the 64-byte line of their address. */
  readonly engines: number
}

/** Addresses of a memory. */
export interface MemoryRegion {
  readonly memory: string
  readonly begin: number
  /** First address behind it. */
  readonly end: number
}

const occupancy = (
  read: number,
  write: number,
  add: number,
  addImmediate: number,
): MemoryTiming['occupancyCycles'] => ({
  read,
  write,
  add,
  'add-immediate': addImmediate,
})

const EMEM_READ = 4.0525
const EMEM_ADD = 3.2198

// biome-ignore format: one memory a line
/**
 * Memories of a card. Latencies are the middles of the published ranges (CTM 50-100, IMEM and EMEM 150-250 cycles). Measured
 * occupancies there are only of external memory; writes there are taken to cost what reads do, and the memories on the chip
 * half of that.
 */
export const MEMORY_TIMINGS: Readonly<Record<'ctm' | 'imem' | 'emem', MemoryTiming>> = {
  ctm:  { latencyCycles: 75,  occupancyCycles: occupancy(2, 2, 2, 2), engines: 1 },
  imem: { latencyCycles: 200, occupancyCycles: occupancy(2, 2, 2, 2), engines: 1 },
  emem: { latencyCycles: 200, occupancyCycles: occupancy(EMEM_READ, EMEM_READ, EMEM_ADD, EMEM_ADD), engines: 1 },
}

import { loadStall } from './cache-stalls.ts'
import { helperInstructions, helperMemory, isHelperEstimate } from './helper-costs.ts'
import type { Processor } from './processors.ts'
import type { HelperWork, ProgramWork } from './program-work.ts'

/** Verdicts that a cost table knows. What is aborted or unknown costs what a drop costs. */
export type CostAction = 'drop' | 'pass' | 'tx' | 'redirect'
export const COST_ACTIONS: readonly CostAction[] = ['drop', 'pass', 'tx', 'redirect']

/** How often a component is paid: for each packet, or once for all that go together. */
export type CostUnit = 'packet' | 'poll' | 'bulk'

/** One part of what a packet costs on its host. */
export interface CostComponent {
  readonly component: string
  /** What the core does; follows its clock. */
  readonly cycles?: number
  /** What memory, bus or card take, whatever the clock. */
  readonly nanoseconds?: number
  /** `packet` when absent. */
  readonly per?: CostUnit
  /** Publication, or the name of a parameter with the rows that calibrated it. */
  readonly source: string
}

/** One line of a breakdown. */
export interface BreakdownItem {
  readonly component: string
  readonly nanoseconds: number
  readonly source: string
}

/** Packets that share what is paid once: a NAPI poll's, and a redirect bulk's. */
export interface Sharing {
  readonly poll: number
  readonly bulk: number
}

/** NAPI_POLL_WEIGHT and DEV_MAP_BULK_SIZE: what a busy host has. */
export const BUSY: Sharing = { poll: 64, bulk: 16 }

/** Instructions a cycle: mean of the eight programs, 2.16 to 2.81, that hXDP measured on a Xeon. */
export const INSTRUCTIONS_PER_CYCLE: number = (2.2 + 2.19 + 2.37 + 2.38 + 2.81 + 2.24 + 2.16 + 2.32) / 8
const IPC_SOURCE = `${INSTRUCTIONS_PER_CYCLE.toFixed(2)} instructions a cycle: hXDP, OSDI 2020, table 3, mean of eight programs`

/** Prices components of a driver or of the stack. */
export function priceComponents(
  components: readonly CostComponent[],
  { gigahertz }: Processor,
  sharing: Sharing,
): BreakdownItem[] {
  return components.map(({ component, cycles = 0, nanoseconds = 0, per = 'packet', source }) => {
    const packets = per === 'packet' ? 1 : sharing[per]
    return { component, nanoseconds: (cycles / gigahertz + nanoseconds) / packets, source }
  })
}

/** Prices what a program does: its emitted instructions, its helpers, the packet's first touch, the maps' cache misses. */
export function priceProgram(work: ProgramWork, processor: Processor): BreakdownItem[] {
  const perNanosecond = INSTRUCTIONS_PER_CYCLE * processor.gigahertz
  const called = work.helpers.reduce((sum, helper) => sum + helper.calls * helperInstructions(helper), 0)
  const missed = work.helpers.reduce((sum, helper) => sum + helper.calls * mapStallNs(helper, processor), 0)
  const guessed = work.helpers.some(isHelperEstimate) ? '; some helpers by estimate' : ''
  const rows: BreakdownItem[] = [
    {
      component: 'program',
      nanoseconds: work.x86Insns / perNanosecond,
      source: `${work.x86Insns.toFixed(1)} x86 instructions emitted (${work.method}), ${IPC_SOURCE}`,
    },
    {
      component: 'helpers',
      nanoseconds: called / perNanosecond,
      source: `${called.toFixed(1)} instructions by callgrind of the kernel's algorithms${guessed}, ${IPC_SOURCE}`,
    },
    { component: 'map cache misses', nanoseconds: missed, source: processor.source },
    {
      component: 'first touch of the packet',
      nanoseconds: work.touched * processor.firstTouchNanoseconds,
      source: processor.source,
    },
  ]
  return rows.filter(({ nanoseconds }) => nanoseconds > 0)
}

function mapStallNs(helper: HelperWork, processor: Processor): number {
  const { lines, tableBytes } = helperMemory(helper)
  const { cycles, ns } = loadStall(processor, tableBytes)
  return lines * (cycles / processor.gigahertz + ns)
}

export function sumNanoseconds(items: readonly BreakdownItem[]): number {
  return items.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0)
}

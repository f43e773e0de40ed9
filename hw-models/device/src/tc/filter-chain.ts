import { ERRNO } from '@bpfoundry/kernel-abi'
import type { AttachRefusal } from '../attach-driver.ts'
import type { TcProgram } from './tc-program.ts'
import type { TcProtocol } from './tc-protocol.ts'

/** A cls_bpf filter. */
export interface TcFilter {
  readonly handle: number
  readonly program: TcProgram
  /** As the loader names it, `prog.o:[section]`; undefined for bytecode. */
  readonly label: string | undefined
  readonly directAction: boolean
  readonly hasActions: boolean
  readonly skipSw: boolean
  readonly skipHw: boolean
  /** Whether the card runs it. */
  inHw: boolean
}

/** Filters of one priority and protocol: struct tcf_proto. */
export interface TcPriority {
  readonly priority: number
  readonly protocol: TcProtocol
  /** The last one that came first. */
  readonly filters: TcFilter[]
}

/** Priority that the first filter without one gets; the next get one less. @see tcf_auto_prio in net/sched/cls_api.c */
const FIRST_AUTO_PRIORITY = 0xc000
/** Where those without a priority are put. */
const AUTO_PRIORITY_PLACE = 0x8000

const MISMATCH: AttachRefusal = {
  errno: ERRNO.EINVAL,
  extack: 'Filter with specified priority/protocol not found',
}

/** A chain of a block: priorities in order. @see struct tcf_chain */
export class FilterChain {
  readonly index: number
  readonly priorities: TcPriority[] = []

  constructor(index: number) {
    this.index = index
  }

  /**
   * The place of a priority and protocol: the one there is, or undefined with what a new one would be numbered.
   *
   * @param priority 0 to choose one
   */
  find(priority: number, protocol: TcProtocol | undefined): { found?: TcPriority; priority: number } | AttachRefusal {
    const wanted = priority === 0 ? AUTO_PRIORITY_PLACE : priority
    const next = this.priorities.find((row) => row.priority >= wanted)
    if (priority === 0) {
      if (next?.priority === wanted) return MISMATCH
      return { priority: next === undefined ? FIRST_AUTO_PRIORITY : next.priority - 1 }
    }
    if (next?.priority !== wanted) return { priority }
    if (protocol !== undefined && next.protocol !== protocol) return MISMATCH
    return { found: next, priority }
  }

  insert(row: TcPriority): void {
    this.priorities.push(row)
    this.priorities.sort((a, b) => a.priority - b.priority)
  }

  remove(row: TcPriority): void {
    const at = this.priorities.indexOf(row)
    if (at >= 0) this.priorities.splice(at, 1)
  }
}

/** The lowest handle that is free. */
export function freeHandle(filters: readonly TcFilter[]): number {
  let handle = 1
  while (filters.some((filter) => filter.handle === handle)) handle++
  return handle
}

import { ERRNO } from '@bpfoundry/kernel-abi'
import type { AttachRefusal } from '../attach-driver.ts'
import type { TcFilter, TcPriority } from './filter-chain.ts'
import type { TcDriver } from './tc-driver.ts'

/** Where a filter hangs, as a driver is told. */
export interface FilterPlace {
  readonly chain: number
  readonly row: Pick<TcPriority, 'priority' | 'protocol'>
}

type Change = {
  readonly filter: TcFilter | undefined
  readonly previous: TcFilter | undefined
}

/**
 * How cls_bpf offers its filters to the card: those without skip_hw, and what the card refuses stays in software unless
 * skip_sw says that it must not. Only then does the driver's reason reach the user.
 *
 * @see cls_bpf_offload, cls_bpf_offload_cmd in net/sched/cls_bpf.c; tc_setup_cb_add, _replace, _destroy in cls_api.c
 */
export class FilterOffload {
  readonly #driver: TcDriver

  /** @param driver of the block's device; one without `setupFilter` takes no filters */
  constructor(driver: TcDriver) {
    this.#driver = driver
  }

  /** A filter comes, replaces another, or goes. */
  change(place: FilterPlace, filter: TcFilter | undefined, previous: TcFilter | undefined): AttachRefusal | undefined {
    if (filter !== undefined && previous !== undefined && !hasSameFlags(filter, previous)) {
      return { errno: ERRNO.EINVAL }
    }
    const offered = { filter: offeredToCard(filter), previous: offeredToCard(previous) }
    return this.#command(place, offered)
  }

  #command(place: FilterPlace, { filter, previous }: Change): AttachRefusal | undefined {
    if (filter === undefined && previous === undefined) return undefined
    const refusal = this.#ask(place, { filter, previous })
    if (filter === undefined) return undefined
    if (refusal !== undefined && filter.skipSw) {
      const rollback = this.#ask(place, { filter: previous, previous: filter })
      const heard = previous?.skipSw ?? filter.skipSw
      const extack = (heard ? rollback?.extack : undefined) ?? refusal.extack
      return { errno: refusal.errno, ...(extack === undefined ? {} : { extack }) }
    }
    return undefined
  }

  /** Asks the card, and notes whether it has the filter. */
  #ask(place: FilterPlace, { filter, previous }: Change): AttachRefusal | undefined {
    const either = filter ?? previous
    if (either === undefined) return undefined
    const refusal =
      this.#driver.setupFilter === undefined
        ? { errno: ERRNO.EOPNOTSUPP }
        : this.#driver.setupFilter({
            chain: place.chain,
            protocol: place.row.protocol,
            priority: place.row.priority,
            program: filter?.program,
            previous: previous?.program,
            directAction: either.directAction,
            hasActions: either.hasActions,
          })
    if (previous !== undefined) previous.inHw = false
    if (filter !== undefined) filter.inHw = refusal === undefined
    return refusal
  }
}

function hasSameFlags(one: TcFilter, other: TcFilter): boolean {
  return one.skipSw === other.skipSw && one.skipHw === other.skipHw
}

function offeredToCard(filter: TcFilter | undefined): TcFilter | undefined {
  return filter?.skipHw ? undefined : filter
}

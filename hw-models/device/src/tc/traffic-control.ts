import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { AttachRefusal, ProgramBinding } from '../attach-driver.ts'
import { AttachError } from '../device-error.ts'
import { FilterChain, freeHandle, type TcFilter, type TcPriority } from './filter-chain.ts'
import { FilterOffload } from './filter-offload.ts'
import type { TcDriver } from './tc-driver.ts'
import type { TcProgram } from './tc-program.ts'
import type { TcProtocol } from './tc-protocol.ts'

/** Which way packets go that a filter sees. */
export type TcDirection = 'ingress' | 'egress'

/** Qdiscs that hold filters only: `ingress` for one block of them, `clsact` for one each way. */
export type TcQdisc = 'ingress' | 'clsact'

/** An interface as traffic control sees it. */
export interface TcDevice {
  readonly name: string
  readonly ifindex: number
  readonly driver: TcDriver
  /** Whether a program that is bound to a device may run for this one. */
  readonly accepts: (bound: ProgramBinding) => boolean
}

/** A filter as `tc filter add dev X ingress ... bpf ...` names it. */
export interface TcFilterRequest {
  readonly direction: TcDirection
  readonly program: TcProgram
  /** `prog.o:[section]`. */
  readonly label?: string
  /** 0 or absent: the kernel chooses. */
  readonly priority?: number
  /** `all` when absent. */
  readonly protocol?: TcProtocol
  readonly handle?: number
  readonly chain?: number
  readonly directAction?: boolean
  readonly hasActions?: boolean
  readonly skipSw?: boolean
  readonly skipHw?: boolean
}

/** Which filters to delete: a filter, a priority, or without either everything of the chain. */
export interface TcFilterChoice {
  readonly direction: TcDirection
  readonly priority?: number
  readonly protocol?: TcProtocol
  readonly handle?: number
  readonly chain?: number
}

/** A filter with where it hangs, for listings. */
export interface TcFilterRow extends TcFilter {
  readonly chain: number
  readonly priority: number
  readonly protocol: TcProtocol
}

type Mode = 'add' | 'replace' | 'change'

interface Block {
  /** Which way the last filter was asked for: what listings take for the parent of them all. */
  asked: TcDirection
  readonly chains: Map<number, FilterChain>
  readonly offload: FilterOffload
}

/** Largest chain number: the low 28 bits of an action value. @see TC_ACT_EXT_VAL_MASK */
const MAX_CHAIN = 0x0fffffff

/** Egress has no offload: flow_block_cb_setup_simple takes ingress blocks only. */
const NO_OFFLOAD: TcDriver = {}

/**
 * Traffic control of one interface as far as BPF classifiers go: clsact and ingress qdiscs, filters in chains by priority,
 * their offload. Every refusal is an {@link AttachError} with the kernel's errno and words.
 *
 * @see net/sched/cls_api.c, cls_bpf.c, sch_ingress.c (6.12)
 */
export class TrafficControl {
  readonly device: TcDevice
  #hwTcOffload: boolean
  #qdisc: { readonly kind: TcQdisc; readonly blocks: Readonly<Record<TcDirection, Block>> } | undefined

  /** @param hwTcOffload whether the interface comes with the feature on */
  constructor(device: TcDevice, hwTcOffload = false) {
    this.device = device
    this.#hwTcOffload = hwTcOffload
  }

  /** `hw-tc-offload` of `ethtool -k`. */
  get hwTcOffload(): boolean {
    return this.#hwTcOffload
  }

  /** `ethtool -K X hw-tc-offload on|off`. @throws AttachError EBUSY and the like; EOPNOTSUPP where it is fixed */
  setHwTcOffload(on: boolean): void {
    if (on === this.#hwTcOffload) return
    const { setHwTcOffload } = this.device.driver
    const refusal = setHwTcOffload === undefined ? { errno: ERRNO.EOPNOTSUPP } : setHwTcOffload(on)
    if (refusal !== undefined) throw this.#refused(refusal)
    this.#hwTcOffload = on
  }

  /** The qdisc, if any. */
  get qdisc(): TcQdisc | undefined {
    return this.#qdisc?.kind
  }

  /** `tc qdisc add dev X clsact`. @throws AttachError EEXIST */
  addQdisc(kind: TcQdisc): void {
    if (this.#qdisc !== undefined) {
      throw this.#refused({ errno: ERRNO.EEXIST, extack: 'Exclusivity flag on, cannot modify' })
    }
    const ingress: Block = { asked: 'ingress', chains: new Map(), offload: new FilterOffload(this.device.driver) }
    const egress: Block = { asked: 'egress', chains: new Map(), offload: new FilterOffload(NO_OFFLOAD) }
    this.#qdisc = { kind, blocks: { ingress, egress: kind === 'clsact' ? egress : ingress } }
  }

  /** `tc qdisc del dev X clsact`: its filters go, in hardware too. @throws AttachError EINVAL */
  deleteQdisc(kind: TcQdisc): void {
    if (this.#qdisc === undefined) throw this.#refused({ errno: ERRNO.EINVAL, extack: 'Invalid handle' })
    if (this.#qdisc.kind !== kind) throw this.#refused({ errno: ERRNO.EINVAL, extack: 'Invalid qdisc name' })
    this.uninstall()
  }

  /** The interface goes away. */
  uninstall(): void {
    const blocks = this.#qdisc === undefined ? [] : new Set(Object.values(this.#qdisc.blocks))
    for (const block of blocks) for (const chain of [...block.chains.values()]) this.#flush(block, chain)
    this.#qdisc = undefined
  }

  /** `tc filter add`: a new filter. @throws AttachError EEXIST when there is one, or any that {@link replaceFilter} has */
  addFilter(request: TcFilterRequest): TcFilterRow {
    return this.#change('add', request)
  }

  /** `tc filter replace`: a new filter, or a new program for one. @throws AttachError EINVAL, EOPNOTSUPP, EBUSY */
  replaceFilter(request: TcFilterRequest): TcFilterRow {
    return this.#change('replace', request)
  }

  /** `tc filter change`: a new program for a filter. @throws AttachError ENOENT where there is none */
  changeFilter(request: TcFilterRequest): TcFilterRow {
    return this.#change('change', request)
  }

  /** `tc filter del`. @throws AttachError ENOENT, EINVAL */
  deleteFilter(choice: TcFilterChoice): void {
    const { priority = 0, protocol, handle = 0 } = choice
    if (priority === 0 && (protocol !== undefined || handle !== 0)) {
      throw this.#refused({ errno: ERRNO.ENOENT, extack: 'Cannot flush filters with protocol, handle or kind set' })
    }
    const block = this.#block(choice.direction)
    const chain = block.chains.get(this.#chainIndex(choice.chain))
    if (chain === undefined) {
      if (priority === 0) return
      throw this.#refused({ errno: ERRNO.ENOENT, extack: 'Cannot find specified filter chain' })
    }
    if (priority === 0) this.#flush(block, chain)
    else this.#deleteAt(block, chain, { priority, protocol, handle })
  }

  /** Filters of a direction, in the order of `tc filter show`: chains as they came, priorities by number, the last filter first. */
  filters(direction: TcDirection): readonly TcFilterRow[] {
    const chains = [...(this.#qdisc?.blocks[direction].chains.values() ?? [])]
    return chains.flatMap((chain) =>
      chain.priorities.flatMap((row) => row.filters.map((filter) => rowOf(chain, row, filter))),
    )
  }

  /** The direction that the kernel tells with the filters of a direction: with an ingress qdisc, that of the last request. */
  parentOf(direction: TcDirection): TcDirection {
    return this.#qdisc?.blocks[direction].asked ?? direction
  }

  #change(mode: Mode, request: TcFilterRequest): TcFilterRow {
    const { priority = 0, handle = 0 } = request
    const protocol = request.protocol ?? (mode === 'change' ? undefined : 'all')
    if (priority === 0 && mode === 'change') {
      throw this.#refused({ errno: ERRNO.ENOENT, extack: 'Invalid filter command with priority of zero' })
    }
    const block = this.#block(request.direction)
    block.asked = request.direction
    const index = this.#chainIndex(request.chain)
    const chain = block.chains.get(index) ?? new FilterChain(index)
    const place = chain.find(priority, protocol)
    if ('errno' in place) throw this.#refused(place)
    if (place.found === undefined) this.#checkCreation(mode, protocol)
    const row = place.found ?? { priority: place.priority, protocol: protocol ?? 'all', filters: [] }
    const previous = row.filters.find((filter) => filter.handle === handle)
    this.#checkExistence(mode, previous)
    const filter = this.#filterOf(request, handle === 0 ? freeHandle(row.filters) : handle)
    const refusal = block.offload.change({ chain: index, row }, filter, previous)
    if (refusal !== undefined) throw this.#refused(refusal, request.program)
    this.#keep(row, filter, previous)
    if (place.found === undefined) chain.insert(row)
    block.chains.set(index, chain)
    return rowOf(chain, row, filter)
  }

  #checkCreation(mode: Mode, protocol: TcProtocol | undefined): void {
    if (protocol === undefined) {
      throw this.#refused({ errno: ERRNO.EINVAL, extack: 'Filter kind and protocol must be specified' })
    }
    if (mode === 'change') throw this.#refused(NEEDS_CREATE)
  }

  #checkExistence(mode: Mode, previous: TcFilter | undefined): void {
    if (previous === undefined && mode === 'change') throw this.#refused(NEEDS_CREATE)
    if (previous !== undefined && mode === 'add') {
      throw this.#refused({ errno: ERRNO.EEXIST, extack: 'Filter already exists' })
    }
  }

  /** cls_bpf_change up to the offload. */
  #filterOf(request: TcFilterRequest, handle: number): TcFilter {
    const { program, skipSw = false, skipHw = false } = request
    const { bound } = program
    if (skipSw && skipHw) throw this.#refused({ errno: ERRNO.EINVAL })
    if (program.bytecode === undefined) {
      const wrongType = program.type !== PROG_TYPE.SCHED_CLS
      const offHost = bound?.offloaded === true && !skipSw
      if (wrongType || offHost) throw this.#refused({ errno: ERRNO.EINVAL }, program)
    }
    if (bound !== undefined && !this.device.accepts(bound)) {
      throw this.#refused({ errno: ERRNO.EINVAL, extack: 'Program is bound to a different device' }, program)
    }
    const { directAction = false, hasActions = false } = request
    return { handle, program, label: request.label, directAction, hasActions, skipSw, skipHw, inHw: false }
  }

  #keep(row: TcPriority, filter: TcFilter, previous: TcFilter | undefined): void {
    filter.program.hold?.()
    if (previous === undefined) row.filters.unshift(filter)
    else {
      row.filters[row.filters.indexOf(previous)] = filter
      previous.program.drop?.()
    }
  }

  #deleteAt(
    block: Block,
    chain: FilterChain,
    choice: Required<Pick<TcFilterChoice, 'priority' | 'handle'>> & { readonly protocol: TcProtocol | undefined },
  ): void {
    const place = chain.find(choice.priority, choice.protocol)
    if ('errno' in place || place.found === undefined) {
      const errno = 'errno' in place ? place.errno : ERRNO.ENOENT
      throw this.#refused({ errno, extack: 'Filter with specified priority/protocol not found' })
    }
    const row = place.found
    if (choice.handle === 0) {
      this.#clear(block, chain, row)
      this.#prune(block, chain)
      return
    }
    const filter = row.filters.find(({ handle }) => handle === choice.handle)
    if (filter === undefined) {
      throw this.#refused({ errno: ERRNO.ENOENT, extack: 'Specified filter handle not found' })
    }
    this.#remove(block, chain, row, filter)
    if (row.filters.length === 0) chain.remove(row)
    this.#prune(block, chain)
  }

  #flush(block: Block, chain: FilterChain): void {
    for (const row of [...chain.priorities]) this.#clear(block, chain, row)
    this.#prune(block, chain)
  }

  /** A chain without filters is no more. */
  #prune(block: Block, chain: FilterChain): void {
    if (chain.priorities.length === 0) block.chains.delete(chain.index)
  }

  #clear(block: Block, chain: FilterChain, row: TcPriority): void {
    for (const filter of [...row.filters]) this.#remove(block, chain, row, filter)
    chain.remove(row)
  }

  #remove(block: Block, chain: FilterChain, row: TcPriority, filter: TcFilter): void {
    block.offload.change({ chain: chain.index, row }, undefined, filter)
    row.filters.splice(row.filters.indexOf(filter), 1)
    filter.program.drop?.()
  }

  #block(direction: TcDirection): Block {
    const block = this.#qdisc?.blocks[direction]
    if (block !== undefined) return block
    throw this.#refused({ errno: ERRNO.EINVAL, extack: "Parent Qdisc doesn't exists" })
  }

  #chainIndex(chain = 0): number {
    if (chain <= MAX_CHAIN) return chain
    throw this.#refused({ errno: ERRNO.EINVAL, extack: 'Specified chain index exceeds upper limit' })
  }

  #refused(refusal: AttachRefusal, program?: TcProgram): AttachError {
    return new AttachError({
      ...refusal,
      code: 'TC_REFUSED',
      device: this.device.name,
      ...(program === undefined ? {} : { program: program.name }),
    })
  }
}

const NEEDS_CREATE: AttachRefusal = {
  errno: ERRNO.ENOENT,
  extack: 'Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter',
}

function rowOf(chain: FilterChain, row: TcPriority, filter: TcFilter): TcFilterRow {
  return { ...filter, chain: chain.index, priority: row.priority, protocol: row.protocol }
}

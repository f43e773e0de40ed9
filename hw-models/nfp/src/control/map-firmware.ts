import { ERRNO } from '@bpfoundry/kernel-abi'
import type { BpfMap } from '@bpfoundry/maps'
import {
  CCM_TYPE,
  type CcmElement,
  type CcmType,
  type ElementSlots,
  firstWord,
  type MapOperation,
  operationBytes,
  operationReply,
  readAllocation,
  readHeader,
  readOperation,
  setTag,
  tableReply,
} from './ccm-message.ts'
import { CCM_STATUS, errnoStatus } from './ccm-status.ts'

/** Bytes of a MAP_ALLOC and of a MAP_FREE request. */
const ALLOCATION_BYTES = 24
const FREE_BYTES = 8

/** What became of an operation. */
interface Outcome {
  readonly status: number
  readonly elements: readonly CcmElement[]
}

type Operate = (map: BpfMap, operation: MapOperation, key: Uint8Array) => Outcome

/**
 * The firmware's part of map operations by the host: tables by number, on the same maps that programs on the card use.
 * The firmware was never published: what its answers look like follows from what the driver checks.
 *
 * @see nfp/bpf/cmsg.c (6.12)
 */
export class MapFirmware {
  readonly #slots: ElementSlots
  /** Undefined for a table whose place is not told yet. */
  readonly #tables = new Map<number, BpfMap | undefined>()

  constructor(slots: ElementSlots) {
    this.#slots = slots
  }

  /** Tables that are allocated. */
  get tables(): number {
    return this.#tables.size
  }

  /** Where a table's elements lie. */
  place(tableId: number, map: BpfMap): void {
    this.#tables.set(tableId, map)
  }

  /** Answers a request; what is no request it leaves unanswered. */
  answer(request: Uint8Array): Uint8Array | undefined {
    if (request.length < FREE_BYTES) return undefined
    const { type, tag } = readHeader(request)
    const reply = this.#handle(type as CcmType, request)
    if (reply !== undefined) setTag(reply, tag)
    return reply
  }

  #handle(type: CcmType, request: Uint8Array): Uint8Array | undefined {
    if (type === CCM_TYPE.MAP_ALLOC) return this.#allocate(request)
    if (type === CCM_TYPE.MAP_FREE) return this.#free(firstWord(request))
    const operate = OPERATIONS.get(type)
    if (operate === undefined) return undefined
    if (request.length !== operationBytes(this.#slots, 1)) {
      return this.#reply(type, { status: CCM_STATUS.MAP_PARSE, elements: [] })
    }
    const operation = readOperation(request, this.#slots)
    const map = this.#tables.get(operation.tableId)
    if (map === undefined) return this.#reply(type, { status: CCM_STATUS.MAP_FD, elements: [] })
    return this.#reply(type, operate(map, operation, operation.element.key.slice(0, map.attributes.keySizeBytes)))
  }

  #allocate(request: Uint8Array): Uint8Array {
    if (request.length !== ALLOCATION_BYTES) return tableReply(CCM_TYPE.MAP_ALLOC, CCM_STATUS.MAP_PARSE, 0)
    const { keySizeBytes, valueSizeBytes } = readAllocation(request)
    const fits = keySizeBytes <= this.#slots.keyBytes && valueSizeBytes <= this.#slots.valueBytes
    if (!fits) return tableReply(CCM_TYPE.MAP_ALLOC, CCM_STATUS.MAP_ERR, 0)
    let tableId = 1
    while (this.#tables.has(tableId)) tableId++
    this.#tables.set(tableId, undefined)
    return tableReply(CCM_TYPE.MAP_ALLOC, CCM_STATUS.SUCCESS, tableId)
  }

  #free(tableId: number): Uint8Array {
    const known = this.#tables.delete(tableId)
    return tableReply(CCM_TYPE.MAP_FREE, known ? CCM_STATUS.SUCCESS : CCM_STATUS.MAP_FD, 0)
  }

  #reply(type: CcmType, { status, elements }: Outcome): Uint8Array {
    return operationReply(type, this.#slots, { status, count: elements.length, elements })
  }
}

/** What was not found is not there; what was found stands in the message once. */
const failed = (result: number): Outcome => ({ status: errnoStatus(result), elements: [] })

function changed(result: number, element: CcmElement): Outcome {
  return result < 0 ? failed(result) : { status: CCM_STATUS.SUCCESS, elements: [element] }
}

function lookUp(map: BpfMap, key: Uint8Array): CcmElement | undefined {
  const value = map.lookupElement(key)
  return value === undefined ? undefined : { key, value }
}

/** The elements after `key`, as many as are wanted; with too few comes ENOENT as well. */
function walk(map: BpfMap, key: Uint8Array | undefined, count: number): Outcome {
  const elements: CcmElement[] = []
  let at = key
  while (elements.length < count) {
    const next = map.nextKey(at)
    const element = next === undefined ? undefined : lookUp(map, next)
    if (next === undefined || element === undefined) break
    elements.push(element)
    at = next
  }
  return { status: elements.length === count ? CCM_STATUS.SUCCESS : errnoStatus(-ERRNO.ENOENT), elements }
}

/** By message type. A value slot may be longer than the value. */
const OPERATIONS: ReadonlyMap<CcmType, Operate> = new Map<CcmType, Operate>([
  [
    CCM_TYPE.MAP_LOOKUP,
    (map, _operation, key) => {
      const element = lookUp(map, key)
      return element === undefined ? failed(-ERRNO.ENOENT) : { status: CCM_STATUS.SUCCESS, elements: [element] }
    },
  ],
  [
    CCM_TYPE.MAP_UPDATE,
    (map, { element, flags }, key) =>
      changed(map.updateElement(key, element.value.slice(0, map.attributes.valueSizeBytes), flags), element),
  ],
  [CCM_TYPE.MAP_DELETE, (map, { element }, key) => changed(map.deleteElement(key), element)],
  [CCM_TYPE.MAP_GETFIRST, (map, { count }) => walk(map, undefined, count)],
  [CCM_TYPE.MAP_GETNEXT, (map, { count }, key) => walk(map, key, count)],
])

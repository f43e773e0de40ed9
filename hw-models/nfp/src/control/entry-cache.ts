import { CCM_TYPE, type CcmElement, type CcmType } from './ccm-message.ts'

/** Elements that a reply brings at most, and how long they are taken for current. @see NFP_BPF_MAP_CACHE_CNT, _TIME_NS */
export const CACHE_ELEMENTS = 4
export const CACHE_NS = 250_000

const CHANGES: ReadonlySet<CcmType> = new Set([CCM_TYPE.MAP_UPDATE, CCM_TYPE.MAP_DELETE])
const ASKS: ReadonlySet<CcmType> = new Set([CCM_TYPE.MAP_LOOKUP, CCM_TYPE.MAP_GETNEXT])
const FILLS: ReadonlySet<CcmType> = new Set([CCM_TYPE.MAP_GETFIRST, CCM_TYPE.MAP_GETNEXT])

/** What the cache says to an operation before it is sent. */
export interface CacheAnswer {
  /** The element that answers it; undefined when the card must be asked. */
  readonly hit?: CcmElement
  /** Elements to ask the card for. */
  readonly count: number
  /** To be given to {@link EntryCache.finish}. */
  readonly generation: number
}

/**
 * The driver's cache of one map, made for who walks through it: a reply to GETFIRST or GETNEXT brings several elements,
 * which answer the look-ups and steps that follow for 250 us. Changes by the host empty it and keep it from being filled
 * until they are done; changes by programs on the card do not show while it lasts.
 *
 * @see nfp_bpf_ctrl_op_cache_get, _put in nfp/bpf/cmsg.c (6.12)
 */
export class EntryCache {
  readonly #nowNs: () => number
  readonly #elements: number
  #cached: readonly CcmElement[] | undefined
  #validUntilNs = 0
  #generation = 0
  #blockers = 0

  /**
   * @param elements that fit one message, at most {@link CACHE_ELEMENTS}; 1 for firmware without such messages
   * @param nowNs the modelled clock
   */
  constructor(elements: number, nowNs: () => number) {
    this.#elements = elements
    this.#nowNs = nowNs
  }

  /** Before an operation; {@link finish} must follow unless it was a hit. @param key of the map's key size */
  begin(operation: CcmType, key: Uint8Array | undefined): CacheAnswer {
    const generation = this.#generation
    const count = FILLS.has(operation) && this.#blockers === 0 ? this.#elements : 1
    if (CHANGES.has(operation)) {
      this.#blockers++
      this.#cached = undefined
    } else if (ASKS.has(operation) && key !== undefined) {
      const hit = this.#find(operation, key)
      if (hit !== undefined) return { hit, count: 0, generation }
    }
    return { count, generation }
  }

  /** After an operation. @param elements what the reply brought, undefined when it failed */
  finish(operation: CcmType, elements: readonly CcmElement[] | undefined, generation: number): void {
    if (CHANGES.has(operation)) {
      this.#blockers--
      this.#generation++
    }
    const fills = FILLS.has(operation) && this.#blockers === 0 && this.#generation === generation
    if (!fills) return
    this.#cached = elements
    this.#validUntilNs = this.#nowNs() + CACHE_NS
  }

  #find(operation: CcmType, key: Uint8Array): CcmElement | undefined {
    if (this.#cached !== undefined && this.#validUntilNs < this.#nowNs()) this.#cached = undefined
    const at = this.#cached?.findIndex((element) => startsWith(element.key, key)) ?? -1
    if (at < 0) return undefined
    return this.#cached?.[operation === CCM_TYPE.MAP_GETNEXT ? at + 1 : at]
  }
}

function startsWith(slot: Uint8Array, key: Uint8Array): boolean {
  return key.every((byte, index) => slot[index] === byte)
}

import { ERRNO, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { type OffloadedMap, recordHostUpdate } from '../offload-map.ts'
import type { CcmChannel } from './ccm-channel.ts'
import {
  CCM_TYPE,
  type CcmElement,
  type CcmType,
  type ElementSlots,
  firstWord,
  operationBytes,
  operationRequest,
  readElements,
  secondWord,
} from './ccm-message.ts'
import { statusErrno } from './ccm-status.ts'
import { EntryCache } from './entry-cache.ts'

/** 2^32: the messages have room for 32 bits of flags. */
const FLAGS_LIMIT = 2 ** 32

/** What a map's control needs of the card. */
export interface MapControlOptions {
  readonly channel: CcmChannel
  readonly slots: ElementSlots
  /** Elements that a message brings at most. */
  readonly cacheElements: number
  readonly nowNs: () => number
  /** False where programs run on the host's byte order all the same: then counters lie as on the host. */
  readonly swapsCounters: boolean
  readonly warn: (text: string) => void
}

interface Request {
  readonly key?: Uint8Array
  readonly value?: Uint8Array
  readonly flags?: number
}

/**
 * The driver's map operations: each a message to the firmware, unless the cache knows. Counters of atomic instructions lie
 * in big-endian order on the card; the host sees them in its own.
 *
 * @see nfp_bpf_map_ops in nfp/bpf/offload.c, nfp_bpf_ctrl_entry_op in nfp/bpf/cmsg.c (6.12)
 */
export class NfpMapControl {
  readonly #map: OffloadedMap
  readonly #options: MapControlOptions
  readonly #cache: EntryCache

  constructor(map: OffloadedMap, options: MapControlOptions) {
    this.#map = map
    this.#options = options
    this.#cache = new EntryCache(options.cacheElements, options.nowNs)
  }

  /** The value, or -errno. */
  lookup(key: Uint8Array): Uint8Array | number {
    const found = this.#operate(CCM_TYPE.MAP_LOOKUP, { key })
    return typeof found === 'number' ? found : this.#swapped(found.value.slice(0, this.#map.attributes.valueSizeBytes))
  }

  /** 0 or -errno. */
  update(key: Uint8Array, value: Uint8Array, flags: number): number {
    const onCard = this.#swapped(value.slice())
    recordHostUpdate(this.#map, onCard)
    return this.#result(CCM_TYPE.MAP_UPDATE, { key, value: onCard, flags })
  }

  /** 0 or -errno; elements of arrays are never deleted. */
  delete(key: Uint8Array): number {
    if (this.#map.attributes.type === MAP_TYPE.ARRAY) return -ERRNO.EINVAL
    return this.#result(CCM_TYPE.MAP_DELETE, { key })
  }

  /** The key after `key`, the first one without it, or -errno: -ENOENT at the end. */
  nextKey(key?: Uint8Array): Uint8Array | number {
    const next =
      key === undefined ? this.#operate(CCM_TYPE.MAP_GETFIRST, {}) : this.#operate(CCM_TYPE.MAP_GETNEXT, { key })
    return typeof next === 'number' ? next : next.key.slice(0, this.#map.attributes.keySizeBytes)
  }

  #result(type: CcmType, request: Request): number {
    const answer = this.#operate(type, request)
    return typeof answer === 'number' ? answer : 0
  }

  #operate(type: CcmType, request: Request): CcmElement | number {
    if ((request.flags ?? 0) >= FLAGS_LIMIT) return -ERRNO.EOPNOTSUPP
    const { hit, count, generation } = this.#cache.begin(type, request.key)
    if (hit !== undefined) return hit
    const answer = this.#ask(type, request, count)
    this.#cache.finish(type, typeof answer === 'number' ? undefined : answer, generation)
    return typeof answer === 'number' ? answer : (answer[0] as CcmElement)
  }

  #ask(type: CcmType, { key, value, flags = 0 }: Request, count: number): readonly CcmElement[] | number {
    const { channel, slots } = this.#options
    const element = { ...(key === undefined ? {} : { key }), ...(value === undefined ? {} : { value }) }
    const request = operationRequest(type, slots, { tableId: this.#map.tableId, count, flags, element })
    const reply = channel.communicate(type, request)
    return typeof reply === 'number' ? reply : this.#checked(type, reply, count)
  }

  /** Where several elements were wanted, fewer are good enough. */
  #checked(type: CcmType, reply: Uint8Array, wanted: number): readonly CcmElement[] | number {
    if (reply.length < operationBytes(this.#options.slots, 0)) return this.#tooShort(type, `${reply.length}`)
    const errno = this.#errno(firstWord(reply))
    const count = secondWord(reply)
    if (errno !== 0 && !(wanted > 1 && count > 0)) return -errno
    const inMessage = count + (errno === 0 ? 0 : 1)
    if (reply.length !== operationBytes(this.#options.slots, inMessage)) {
      return this.#tooShort(type, `${reply.length} for ${inMessage} entries`)
    }
    const elements = readElements(reply, this.#options.slots)
    return elements.length > 0 ? elements : this.#tooShort(type, `${reply.length} for 0 entries`)
  }

  #errno(status: number): number {
    const errno = statusErrno(status)
    if (errno !== undefined) return errno
    this.#options.warn(`FW responded with invalid status: ${status}`)
    return ERRNO.EIO
  }

  #tooShort(type: CcmType, what: string): number {
    this.#options.warn(`cmsg drop - type 0x${type.toString(16).padStart(2, '0')} too short ${what}!`)
    return -ERRNO.EIO
  }

  /** Turns each word that programs count in, in place. */
  #swapped(value: Uint8Array): Uint8Array {
    if (!this.#options.swapsCounters) return value
    for (const [index, { use }] of this.#map.words.entries()) {
      if (use === 'atomic') value.subarray(4 * index, 4 * index + 4).reverse()
    }
    return value
  }
}

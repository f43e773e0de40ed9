import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { BpfMap } from '@bpfoundry/maps'
import type { NfpDevice } from '../nfp-device.ts'
import type { NfpHooks, NfpProgram } from '../nfp-hooks.ts'
import { checkOffloadedMap, isOffloadNeutral } from '../offload-map.ts'
import { CcmChannel } from './ccm-channel.ts'
import {
  allocationRequest,
  CCM_TYPE,
  type ElementSlots,
  firstWord,
  freeRequest,
  operationBytes,
  secondWord,
  TABLE_REPLY_BYTES,
} from './ccm-message.ts'
import { statusErrno } from './ccm-status.ts'
import { CACHE_ELEMENTS } from './entry-cache.ts'
import { NfpMapControl } from './map-control.ts'
import { MapFirmware } from './map-firmware.ts'
import { type PerfEvent, receivePerfEvent } from './perf-event.ts'

/** Key and value slots of ABI 2: 16 words each. @see CMSG_MAP_KEY_LW, CMSG_MAP_VALUE_LW */
const ABI2_SLOT_BYTES = 64
/** NFP_NET_DEFAULT_MTU: what a control message of ABI 2 may be long. */
const CONTROL_MTU = 1500

/** Options of a card's control. */
export interface NfpControlOptions {
  /** The modelled clock, for the cache of map elements; stands still when absent. */
  readonly nowNs?: () => number
  /** Whether programs on the card count in big-endian words, as microengines do. True by default. */
  readonly swapsCounters?: boolean
  /** Takes what the driver writes to the kernel log. */
  readonly warn?: (text: string) => void
  /** Takes events that programs send to the host. */
  readonly onEvent?: (event: PerfEvent) => void
}

/** A map that the kernel asked for; its operations answer -ENODEV until it has its place. */
export interface NfpDeviceMap {
  lookup(key: Uint8Array): Uint8Array | number
  update(key: Uint8Array, value: Uint8Array, flags: number): number
  delete(key: Uint8Array): number
  nextKey(key?: Uint8Array): Uint8Array | number
  free(): void
  placed(storage: BpfMap): void
}

/** A program in the driver, from the verifier's first question to its end. */
export interface NfpLoad {
  readonly hooks: NfpHooks
  /** @param maps that it uses: perf event arrays among them get its events */
  accepted(id: number, maps?: readonly { readonly id: number; readonly attributes: MapAttributes }[]): void
  translatedBytes(): number
  destroyed(): void
}

/**
 * The driver of a card towards the kernel: programs that are loaded for it, maps that live on it, events that come from it.
 * Give it to `kernel.offload.createAsic`, and one `NfpPort` a port to the attach rules.
 *
 * @see struct nfp_app_bpf, nfp_bpf_dev_ops, nfp_ndo_bpf in nfp/bpf of Linux 6.12
 */
export class NfpControl {
  readonly device: NfpDevice
  readonly slots: ElementSlots
  readonly channel: CcmChannel
  readonly #options: NfpControlOptions
  readonly #firmware: MapFirmware
  /** How many programs on the card use a map of the host, by its id. */
  readonly #neutralMaps = new Map<number, number>()

  constructor(device: NfpDevice, options: NfpControlOptions = {}) {
    this.device = device
    this.#options = options
    const { abiVersion, maps } = device.card.firmware
    this.slots =
      abiVersion < 3
        ? { keyBytes: ABI2_SLOT_BYTES, valueBytes: ABI2_SLOT_BYTES }
        : { keyBytes: maps.maxKeyBytes, valueBytes: maps.maxValueBytes }
    this.#firmware = new MapFirmware(this.slots)
    this.channel = new CcmChannel((request) => this.#firmware.answer(request), this.#warn)
  }

  /** Elements that one message brings. @see nfp_bpf_ctrl_cmsg_cache_cnt */
  get cacheElements(): number {
    const { multiEntryMessages } = this.device.card.firmware
    if (multiEntryMessages !== true) return 1
    const { keyBytes, valueBytes } = this.slots
    const room = Math.floor((CONTROL_MTU - operationBytes(this.slots, 0)) / (keyBytes + valueBytes))
    // From ABI 3 on the control channel is made as large as it needs to be.
    return this.device.card.firmware.abiVersion < 3 ? Math.min(room, CACHE_ELEMENTS) : CACHE_ELEMENTS
  }

  /** Begins the load of a program. */
  load(program: NfpProgram): NfpLoad {
    const hooks = this.device.hooks(program)
    let loadedId: number | undefined
    let neutralMapIds: readonly number[] = []
    return {
      hooks,
      accepted: (id, maps = []) => {
        this.device.loaded(id, hooks)
        loadedId = id
        neutralMapIds = maps.filter(({ attributes }) => isOffloadNeutral(attributes)).map((map) => map.id)
        this.#use(neutralMapIds, 1)
      },
      translatedBytes: () => (hooks.translation?.words.length ?? 0) * 8,
      destroyed: () => {
        if (loadedId === undefined) return
        this.device.unloaded(loadedId)
        this.#use(neutralMapIds, -1)
      },
    }
  }

  /** BPF_OFFLOAD_MAP_ALLOC: the limits now, the message to the firmware once the map has its place. */
  allocateMap(attributes: MapAttributes): NfpDeviceMap | { errno: number; kernelLog?: string } {
    const refusal = checkOffloadedMap(this.device.card, attributes, this.device.usage)
    if (refusal !== undefined) {
      const { errno, kernelLog } = refusal
      return { errno, ...(kernelLog === undefined ? {} : { kernelLog }) }
    }
    let control: NfpMapControl | undefined
    let id = 0
    const on = <T>(operation: (map: NfpMapControl) => T): T | number =>
      control === undefined ? -ERRNO.ENODEV : operation(control)
    return {
      placed: (storage) => {
        id = storage.id
        control = this.#place(storage)
      },
      lookup: (key) => on((map) => map.lookup(key)),
      update: (key, value, flags) => on((map) => map.update(key, value, flags)),
      delete: (key) => on((map) => map.delete(key)),
      nextKey: (key) => on((map) => map.nextKey(key)),
      free: () => {
        if (control !== undefined) this.#free(id)
        control = undefined
      },
    }
  }

  /** A message that came from the card by itself. */
  receive(message: Uint8Array): boolean {
    return receivePerfEvent(message, {
      knows: (mapId) => this.#neutralMaps.has(mapId),
      output: (event) => this.#options.onEvent?.(event),
      warn: this.#warn,
    })
  }

  #place(storage: BpfMap): NfpMapControl {
    const { keySizeBytes, valueSizeBytes, maxEntries, type } = storage.attributes
    const map = this.device.allocateMap(storage.id, storage.attributes)
    const request = allocationRequest({ keySizeBytes, valueSizeBytes, maxEntries, mapType: type })
    const reply = this.channel.communicate(CCM_TYPE.MAP_ALLOC, request, TABLE_REPLY_BYTES)
    const tableId = typeof reply === 'number' || firstWord(reply) !== 0 ? 0 : secondWord(reply)
    if (tableId !== map.tableId) throw new Error(`the firmware calls table ${map.tableId} by the number ${tableId}`)
    this.#firmware.place(tableId, storage)
    return new NfpMapControl(map, {
      channel: this.channel,
      slots: this.slots,
      cacheElements: this.cacheElements,
      nowNs: this.#options.nowNs ?? (() => 0),
      swapsCounters: this.#options.swapsCounters ?? true,
      warn: this.#warn,
    })
  }

  #free(id: number): void {
    const tableId = this.device.maps.get(id)?.tableId
    if (tableId === undefined) return
    const reply = this.channel.communicate(CCM_TYPE.MAP_FREE, freeRequest(tableId), TABLE_REPLY_BYTES)
    if (typeof reply === 'number') this.#warn('leaking map - I/O error')
    else if (firstWord(reply) !== 0) {
      this.#warn(`leaking map - FW responded with: ${-(statusErrno(firstWord(reply)) ?? ERRNO.EIO)}`)
    }
    this.device.freeMap(id)
  }

  #use(mapIds: readonly number[], by: number): void {
    for (const id of mapIds) {
      const uses = (this.#neutralMaps.get(id) ?? 0) + by
      if (uses > 0) this.#neutralMaps.set(id, uses)
      else this.#neutralMaps.delete(id)
    }
  }

  readonly #warn = (text: string): void => this.#options.warn?.(text)
}

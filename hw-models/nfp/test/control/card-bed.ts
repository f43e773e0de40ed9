import { GuestMemory } from '@bpfoundry/guest-memory'
import { MAP_TYPE, type MapAttributes } from '@bpfoundry/kernel-abi'
import { type BpfMap, createMap } from '@bpfoundry/maps'
import {
  BPF_FIRMWARE,
  NfpControl,
  type NfpControlOptions,
  NfpDevice,
  type NfpDeviceMap,
  type NfpFirmware,
  nfpCard,
} from '../../src/index.ts'

/** A map of u32 keys and u64 values. */
export const HASH: MapAttributes = {
  ...{ name: 'm', type: MAP_TYPE.HASH, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 16, flags: 0 },
}

export const key = (n: number): Uint8Array => new Uint8Array(Uint32Array.of(n).buffer)
export const value = (n: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer)

/** A map on the card: as the host asks for it, and as programs on the card have it. */
export interface CardMap {
  readonly host: NfpDeviceMap
  readonly card: BpfMap
}

/** A card with its driver, and a modelled clock. */
export class CardBed {
  readonly memory = GuestMemory.create()
  readonly warnings: string[] = []
  readonly device: NfpDevice
  readonly control: NfpControl
  nowNs = 0
  #nextId = 1

  constructor(firmware: Partial<NfpFirmware> = {}, options: NfpControlOptions = {}) {
    const card = nfpCard('agilio-cx-2x10')
    this.device = new NfpDevice({ ...card, firmware: { ...BPF_FIRMWARE, ...firmware } })
    this.control = new NfpControl(this.device, {
      nowNs: () => this.nowNs,
      warn: (text) => void this.warnings.push(text),
      ...options,
    })
  }

  /** @throws Error when the card refuses it */
  map(fields: Partial<MapAttributes> = {}): CardMap {
    const attributes = { ...HASH, ...fields }
    const host = this.control.allocateMap(attributes)
    if ('errno' in host) throw new Error(`refused: ${host.errno}`)
    const card = createMap(this.memory, attributes, { id: this.#nextId++, cpus: 1 })
    host.placed(card)
    return { host, card }
  }

  /** Messages that an action sends. */
  sent(action: () => void): number {
    const before = this.control.channel.sent
    action()
    return this.control.channel.sent - before
  }
}

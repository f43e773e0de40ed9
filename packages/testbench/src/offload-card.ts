import type { Engine } from '@bpfoundry/engine'
import type { KernelMap, OffloadDevice } from '@bpfoundry/kernel'
import { isOffloadNeutral, NfpDevice, NfpEngine, type NfpFirmware, nfpCard, placeProgram } from '@bpfoundry/nfp'

/** The control side of a card that runs programs itself, as kernel and attach rules see one of its ports. */
export class OffloadCard implements OffloadDevice {
  readonly ifindex: number
  readonly name: string
  readonly nfp: NfpDevice
  readonly #engine: Engine | undefined
  /** Those of the program that is loaded next. */
  #maps: readonly KernelMap[] = []

  /**
   * @param firmware another one than the card's own
   * @param engine where programs are to run: one that executes a card's words is told them
   */
  constructor(card: string, ifindex: number, name: string, firmware?: NfpFirmware, engine?: Engine) {
    this.nfp = new NfpDevice(firmware === undefined ? card : { ...nfpCard(card), firmware })
    this.ifindex = ifindex
    this.name = name
    this.#engine = engine
  }

  /** Name of the card behind the port. */
  get card(): string {
    return this.nfp.card.name
  }

  /** The same port with another firmware, and nothing on the card. */
  withFirmware(firmware: NfpFirmware): OffloadCard {
    return new OffloadCard(this.card, this.ifindex, this.name, firmware, this.#engine)
  }

  prepare(program: Parameters<OffloadDevice['prepare']>[0]): ReturnType<OffloadDevice['prepare']> {
    const hooks = this.nfp.hooks(program)
    return {
      hooks,
      accepted: (id) => {
        const loaded = this.nfp.loaded(id, hooks)
        if (!(this.#engine instanceof NfpEngine)) return
        const places = this.#maps.map(({ id: mapId, storage, attributes }) => ({
          id: mapId,
          address: storage.address,
          keySizeBytes: attributes.keySizeBytes,
          valueSizeBytes: attributes.valueSizeBytes,
        }))
        this.#engine.place(id, placeProgram(loaded, places, this.nfp.maps))
      },
    }
  }

  /**
   * A program's maps move to the card, those that are not there yet.
   *
   * @throws AttachError XDP_MAP_OFFLOAD when the card can't hold one; then none has moved
   */
  takeMaps(maps: readonly KernelMap[]): void {
    this.#maps = maps
    const taken: number[] = []
    try {
      for (const { id, attributes } of maps) {
        if (this.nfp.maps.has(id) || isOffloadNeutral(attributes)) continue
        this.nfp.allocateMap(id, attributes)
        taken.push(id)
      }
    } catch (error) {
      for (const id of taken) this.nfp.freeMap(id)
      throw error
    }
  }
}

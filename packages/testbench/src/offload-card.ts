import type { Engine } from '@bpfoundry/engine'
import type { KernelMap, OffloadDevice } from '@bpfoundry/kernel'
import { isOffloadNeutral, NfpDevice, type NfpFirmware, nfpCard } from '@bpfoundry/nfp'
import { placeOnCard } from './card-driver.ts'

/** The control side of a card that runs programs itself, as kernel and attach rules see one of its ports. */
export class OffloadCard implements OffloadDevice {
  readonly ifindex: number
  readonly name: string
  readonly nfp: NfpDevice
  readonly #engine: Engine | undefined

  /**
   * @param card its model, or the card itself whose other port this is
   * @param firmware another one than the model's own
   * @param engine where programs are to run: one that executes a card's words is told them
   */
  constructor(card: string | NfpDevice, ifindex: number, name: string, firmware?: NfpFirmware, engine?: Engine) {
    const made = (model: string): NfpDevice =>
      new NfpDevice(firmware === undefined ? model : { ...nfpCard(model), firmware })
    this.nfp = typeof card === 'string' ? made(card) : card
    this.ifindex = ifindex
    this.name = name
    this.#engine = engine
  }

  /** Model of the card behind the port. */
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
      accepted: (id, maps) => {
        this.nfp.loaded(id, hooks)
        if (this.#engine !== undefined) placeOnCard({ engine: this.#engine }, this.nfp, id, maps)
      },
    }
  }

  /**
   * A program's maps move to the card, those that are not there yet.
   *
   * @throws AttachError XDP_MAP_OFFLOAD when the card can't hold one; then none has moved
   */
  takeMaps(maps: readonly KernelMap[]): void {
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

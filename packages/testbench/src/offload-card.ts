import type { KernelMap, OffloadDevice } from '@bpfoundry/kernel'
import { isOffloadNeutral, NfpDevice, type NfpFirmware, nfpCard } from '@bpfoundry/nfp'

/** The control side of a card that runs programs itself, as kernel and attach rules see one of its ports. */
export class OffloadCard implements OffloadDevice {
  readonly ifindex: number
  readonly name: string
  readonly nfp: NfpDevice

  /** @param firmware another one than the card's own */
  constructor(card: string, ifindex: number, name: string, firmware?: NfpFirmware) {
    this.nfp = new NfpDevice(firmware === undefined ? card : { ...nfpCard(card), firmware })
    this.ifindex = ifindex
    this.name = name
  }

  /** Name of the card behind the port. */
  get card(): string {
    return this.nfp.card.name
  }

  prepare(program: Parameters<OffloadDevice['prepare']>[0]): ReturnType<OffloadDevice['prepare']> {
    const hooks = this.nfp.hooks(program)
    return { hooks, accepted: (id) => void this.nfp.loaded(id, hooks) }
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

import type { ClsBpfOffload, Nic, NicProfile, TcDriver } from '@bpfoundry/device'
import type { Kernel } from '@bpfoundry/kernel'
import { NfpPort } from '@bpfoundry/nfp'
import { CardDriver } from './card-driver.ts'
import type { OffloadCard } from './offload-card.ts'

/** What a port of a card stands in. */
export interface NicCardPlace {
  readonly kernel: Kernel
  readonly nic: Nic
  readonly profile: NicProfile
  readonly hwTcOffload: () => boolean
}

/** The card behind an interface that runs programs itself: its driver, and this port's part of it. */
export class NicCard {
  readonly port: OffloadCard
  /** Shared by the ports of the card. */
  readonly driver: CardDriver
  /** What attach rules and classifiers ask. */
  readonly nfpPort: NfpPort
  readonly #place: NicCardPlace

  /** @param driver of another port of the card; the interface becomes one more */
  constructor(place: NicCardPlace, port: OffloadCard, driver: CardDriver = new CardDriver(place.kernel, port.nfp)) {
    this.#place = place
    this.port = port
    this.driver = driver
    const { nic, profile, hwTcOffload } = place
    this.nfpPort = new NfpPort(port.nfp, { profile, mtu: () => nic.mtu, hwTcOffload })
    place.kernel.offload.register(driver.asic, nic.ifindex)
  }

  /** Tells cards apart, also two of one model. */
  get name(): string {
    return this.driver.asic.name
  }

  /** The port gets a card of its own, with other firmware: what is bound to the old one moves to its other ports, or is orphaned. */
  replaced(port: OffloadCard): NicCard {
    this.#place.kernel.offload.unregister(this.#place.nic.ifindex)
    return new NicCard(this.#place, port)
  }
}

/** Classifiers ask the card that is there now. */
export function filterDriver(card: () => NicCard | undefined): TcDriver {
  if (card() === undefined) return {}
  return {
    setupFilter: (request: ClsBpfOffload) => card()?.nfpPort.setupFilter(request),
    setHwTcOffload: (on) => card()?.nfpPort.setHwTcOffload(on),
  }
}

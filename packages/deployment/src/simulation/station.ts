import type { CableDirection, CableEnd } from './cable.ts'
import type { Flight } from './flight.ts'
import type { World } from './world.ts'

/** The far end of a cable that leaves the deployment. */
export class Station implements CableEnd {
  readonly name: string
  /** Towards the deployment. */
  out: CableDirection | undefined
  readonly #world: World

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
  }

  receive(flight: Flight): void {
    const { measure, nowNs } = this.#world
    measure.receive(this.name, flight, nowNs)
    measure.wayFate(this.name, 'received', nowNs)
  }
}

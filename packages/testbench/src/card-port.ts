import type { InterfaceFacts, NicHandle } from '@bpfoundry/device'
import type { NfpCores } from '@bpfoundry/nfp'

/** A card as plain data, for any thread. */
export interface CardPort {
  readonly handle: NicHandle
  /** What its driver looks at when native XDP is switched on. */
  readonly facts?: InterfaceFacts
  /** The cores of a card that runs programs itself. */
  readonly cores?: NfpCores
}

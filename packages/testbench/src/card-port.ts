import type { NicHandle } from '@bpfoundry/device'
import type { NfpCores } from '@bpfoundry/nfp'

/** A card as plain data, for any thread. */
export interface CardPort {
  readonly handle: NicHandle
  /** The cores of a card that runs programs itself. */
  readonly cores?: NfpCores
}

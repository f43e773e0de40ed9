import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { ProbedDevice } from '@bpfoundry/kernel'
import { type NfpCard, NfpDevice } from '@bpfoundry/nfp'

/** The first port of a card, behind the loopback device. */
const IFINDEX = 2

/** An empty card, to be asked what it takes. */
export function probedCard(card: NfpCard): ProbedDevice {
  const nfp = new NfpDevice(card)
  return {
    ifindex: IFINDEX,
    name: card.name,
    prepare: (program) => ({ hooks: nfp.hooks(program) }),
    takesMap: (attributes) => {
      try {
        nfp.allocateMap(1, attributes)
        nfp.freeMap(1)
        return true
      } catch (error) {
        if (!isDiagnostic(error)) throw error
        return false
      }
    },
  }
}

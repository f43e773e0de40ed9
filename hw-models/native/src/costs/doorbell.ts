import type { CostComponent } from '@bpfoundry/device'

/** The stall behind a doorbell that nothing shares: 12 ns and 27 ns that sending one by one added to receiving. */
const DOORBELL_NS = 39
const SOURCE =
  'doorbell stall of 39 ns, J. D. Brouer, Eval Generic netstack XDP patch, prototype-kernel, 2017 (nfp.md 4.3)'

/** XDP_TX rings once a poll. */
export const DOORBELL_A_POLL: CostComponent = {
  component: 'transmit doorbell, once a poll',
  nanoseconds: DOORBELL_NS,
  per: 'poll',
  source: SOURCE,
}
/** Redirect rings once a bulk of 16. */
export const DOORBELL_A_BULK: CostComponent = {
  component: 'transmit doorbell, once a bulk',
  nanoseconds: DOORBELL_NS,
  per: 'bulk',
  source: SOURCE,
}

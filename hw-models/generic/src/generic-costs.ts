import type { CostProfile } from '@bpfoundry/device'

/** Nanoseconds of a packet at `megapackets` million packets a second on one core. */
function at(megapackets: number): number {
  return 1000 / megapackets
}

/** The stack without XDP, each packet dropped as early as the stack can (iptables raw): 4.8 Mpps. */
const STACK_NS: number = at(4.8)
/** The program's part of a generic drop. */
const PROGRAM_NS = 5
/** What stmmac does: redirect 96.7 k against transmit 89.6 k packets a second. */
const REDIRECT_AGAINST_TX: number = 96.7 / 89.6

const JESPER =
  'J. D. Brouer, Eval Generic netstack XDP patch, prototype-kernel, 2017-04-24: ConnectX-4 100G, i7-6700K 4.0 GHz (nfp.md 4.3)'
const STMMAC = 'LKML 20210329134013.9516-1: stmmac, generic against native (nfp.md 4.3)'
const CONEXT = 'Høiland-Jørgensen et al., The eXpress Data Path, CoNEXT 2018 (nfp.md 4.4)'

/** Measured cost of a packet in generic mode; the card hardly matters, the skb does. */
export const GENERIC_COSTS: CostProfile = {
  name: 'mlx5 ConnectX-4 100G',
  processor: 'i7-6700K 4.0 GHz',
  gigahertz: 4,
  insnsPerCycle: 2.2,
  programInsns: 2,
  nanoseconds: {
    drop: at(8.43),
    pass: STACK_NS + PROGRAM_NS,
    tx: at(4.57),
    redirect: at(4.57 * REDIRECT_AGAINST_TX),
  },
  sources: [JESPER, STMMAC, CONEXT],
  notes: [
    'pass: derived, stack cost of E5-1650 v4 3.6 GHz with iptables raw drop, plus the program',
    'redirect: derived from transmit with the ratio measured on stmmac',
  ],
}

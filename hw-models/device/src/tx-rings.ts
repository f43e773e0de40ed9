import type { NicProfile, TxQueueRule } from './nic-profile.ts'

/** The transmit rings of a card for XDP. */
export interface TxRings {
  readonly rings: number
  /** Several CPUs use one, by turns. */
  readonly shared: boolean
  /** CPUs from this number on have no ring for frames that are redirected to the card. */
  readonly xmitCpus: number
}

/** What rings a card gets. @see virtnet_xdp_set, ixgbe_determine_xdp_ring, i40e_xdp_xmit, mlx5e_xdp_xmit, veth_xdp_xmit (6.12) */
export function planTxRings(
  profile: NicProfile,
  queues: number,
  cpus: number,
  queuePairs: number = profile.maxQueues,
): TxRings {
  return RULES[profile.native?.txQueues ?? 'cpu'](queues, cpus, queuePairs)
}

const ownRings = (_queues: number, cpus: number): TxRings => ({ rings: cpus, shared: false, xmitCpus: cpus })
const sharedRings = (queues: number, cpus: number): TxRings => {
  const rings = Math.min(queues, cpus)
  return { rings, shared: rings < cpus, xmitCpus: cpus }
}

const RULES: Readonly<Record<TxQueueRule, (queues: number, cpus: number, queuePairs: number) => TxRings>> = {
  cpu: ownRings,
  'receive-queue': (queues, cpus) => ({ rings: cpus, shared: false, xmitCpus: Math.min(queues, cpus) }),
  shared: sharedRings,
  'cpu-or-shared': (queues, cpus, queuePairs) =>
    queues + cpus > queuePairs ? sharedRings(queues, cpus) : ownRings(queues, cpus),
}

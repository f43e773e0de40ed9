import { type HostCosts, PROCESSORS } from '@bpfoundry/device'
import { GENERIC_PARAMETERS } from './generic-parameters.ts'
import { PROFILED_GIGAHERTZ, SKB_FREE, SKB_RECEIVE, SKB_TRANSMIT } from './skb-profile.ts'

const BROUER =
  'J. D. Brouer, Eval Generic netstack XDP patch, prototype-kernel, 2017-04-24: ConnectX-4 100G, i7-6700K 4.0 GHz (nfp.md 4.3)'
const STMMAC = 'LKML 20210329134013.9516-1: Intel mGbE, stmmac, preempt-rt (nfp.md 4.3)'
const CONEXT = 'Høiland-Jørgensen et al., The eXpress Data Path, CoNEXT 2018 (nfp.md 4.4)'

/** From netif_receive_skb to a drop in iptables raw: a host without XDP takes 202.4 ns in all, 97.0 ns of it until then. */
const STACK_NS: number = 202.4 - 97

/** Measured costs of a packet in generic mode; the card hardly matters, the skb does. */
export const GENERIC_COSTS: HostCosts = {
  name: 'mlx5 ConnectX-4 100G, Linux 4.11 with generic XDP',
  processor: PROCESSORS['i7-6700K'],
  gigahertz: PROFILED_GIGAHERTZ,
  receive: SKB_RECEIVE,
  actions: {
    drop: SKB_FREE,
    pass: [
      {
        component: 'stack beyond netif_receive_skb, up to iptables raw',
        cycles: STACK_NS * PROFILED_GIGAHERTZ,
        source: `${CONEXT}: mean of 4.84 and 5.05 Mpps without XDP, less the receive path here`,
      },
    ],
    tx: SKB_TRANSMIT,
    redirect: SKB_TRANSMIT,
  },
  sources: [BROUER, CONEXT],
  notes: [
    'pass: derived, the stack of another host (E5-1650 v4) with iptables raw drop',
    'redirect: derived, as transmit',
  ],
}

const stmmac = (component: string, name: 'stmmac.generic' | 'stmmac.xmit') => ({
  component,
  nanoseconds: GENERIC_PARAMETERS[name].value,
  source: `${name} = ${GENERIC_PARAMETERS[name].value} ns; ${STMMAC}`,
})

/** Costs by the name of a measurement. */
export const GENERIC_HOSTS: Readonly<Record<string, HostCosts>> = {
  'mlx5-2017': GENERIC_COSTS,
  stmmac: {
    name: 'stmmac Intel mGbE 1G, preempt-rt',
    processor: { ...PROCESSORS['i7-6700K'], name: 'unknown processor' },
    gigahertz: PROFILED_GIGAHERTZ,
    receive: [stmmac('driver receive, skb, stack', 'stmmac.generic')],
    actions: {
      drop: [],
      pass: undefined,
      tx: [stmmac('transmit', 'stmmac.xmit')],
      redirect: [stmmac('transmit', 'stmmac.xmit')],
    },
    sources: [STMMAC],
    notes: ['times of one machine that is not described; nothing scales with a clock'],
  },
}

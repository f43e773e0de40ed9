import { type CostComponent, type HostCosts, PROCESSORS, type Processor } from '@bpfoundry/device'
import { DOORBELL_A_BULK, DOORBELL_A_POLL } from './doorbell.ts'
import { NATIVE_PARAMETERS } from './native-parameters.ts'
import { divided, MLX5_RECEIVE, MLX5_REDIRECT, whole } from './profile-shares.ts'

const CONEXT =
  'Høiland-Jørgensen et al., The eXpress Data Path, CoNEXT 2018, with the data in tohojo/xdp-paper: E5-1650 v4, ConnectX-5 100G, 64 B (nfp.md 4.4)'
const HXDP = 'Brunella et al., hXDP, OSDI 2020: E5-1630 v3, XL710, Linux 5.6.4 (nfp.md 4.2)'
const REDIRECT_SERIES = 'LKML cover.1611685778 and the redirect_map series on E5-1650 v4 (nfp.md 4.5)'
const BROUER =
  'J. D. Brouer, Eval Generic netstack XDP patch, prototype-kernel, 2017: i7-6700K, ConnectX-4 100G (nfp.md 4.3)'
const STMMAC = 'LKML 20210329134013.9516-1: Intel mGbE, stmmac, preempt-rt (nfp.md 4.3)'

const STACK_NOTE = 'pass: the stack drops the packet in iptables raw; a delivered packet takes longer'
const value = (name: keyof typeof NATIVE_PARAMETERS): number => NATIVE_PARAMETERS[name].value

const HASWELL: Processor = PROCESSORS['E5-1630 v3']
const BROADWELL: Processor = PROCESSORS['E5-1650 v4']
const DESKTOP: Processor = PROCESSORS['i7-6700K']
/** What nobody has told of: times only, so that the clock does not matter. */
const EMBEDDED: Processor = { ...DESKTOP, name: 'unknown processor', firstTouchNanoseconds: 0 }

/** Until iptables drops in the raw table: skb, netif_receive_skb, netfilter. */
const STACK: CostComponent = whole('stack, up to iptables raw', 'mlx5.stack')
const MITIGATIONS: CostComponent = whole('mitigations of speculation, by indirect calls', 'intel.mitigations')

const i40e = { receive: [whole('driver receive', 'i40e.receive')] } as const
const i40eTransmit = [whole('transmit and completion', 'i40e.transmit'), DOORBELL_A_POLL]
const i40eRedirect = [whole('redirect, bulk transmit, completion', 'i40e.redirect'), DOORBELL_A_BULK]
const mlx5Receive = divided('mlx5.receive', MLX5_RECEIVE)
const mlx5Transmit = [whole('transmit and completion', 'mlx5.transmit'), DOORBELL_A_POLL]
const mlx5Redirect = [...divided('mlx5.redirect', MLX5_REDIRECT), DOORBELL_A_BULK]
const XL710 = { kept: value('i40e.card'), sent: value('i40e.card') }

/** ConnectX-5 as it was measured for the XDP paper. */
const MLX5: HostCosts = {
  name: 'mlx5 ConnectX-5 100G, Linux 4.17',
  processor: BROADWELL,
  gigahertz: BROADWELL.gigahertz,
  receive: mlx5Receive,
  actions: { drop: [], pass: [STACK], tx: mlx5Transmit, redirect: mlx5Redirect },
  cardPacketsPerSecond: { kept: value('mlx5.cardKept'), sent: value('mlx5.cardSent') },
  frameCache: {
    frames: value('frameCache.frames'),
    missNanoseconds: value('frameCache.miss'),
    source: `frameCache.frames = ${value('frameCache.frames')}, frameCache.miss = ${value('frameCache.miss')} ns`,
  },
  sources: [CONEXT],
  notes: [STACK_NOTE],
}

const I40E: HostCosts = {
  name: 'i40e XL710 40G, Linux 5.6',
  processor: HASWELL,
  gigahertz: HASWELL.gigahertz,
  receive: i40e.receive,
  actions: { drop: [], pass: [STACK], tx: i40eTransmit, redirect: i40eRedirect },
  cardPacketsPerSecond: XL710,
  sources: [HXDP, CONEXT],
  notes: [`${STACK_NOTE}; the stack's part is that of the ConnectX-5 host`],
}

/** Intel's drivers where Linux 5.11 runs with its mitigations. */
const intel511 = (name: string): HostCosts => ({
  name: `${name}, Linux 5.11`,
  processor: { ...HASWELL, name: BROADWELL.name, gigahertz: BROADWELL.gigahertz, l3Bytes: BROADWELL.l3Bytes },
  gigahertz: BROADWELL.gigahertz,
  receive: i40e.receive,
  actions: { drop: [], pass: [STACK], tx: i40eTransmit, redirect: [...i40eRedirect, MITIGATIONS] },
  sources: [HXDP, REDIRECT_SERIES, CONEXT],
  notes: [STACK_NOTE, 'receive and transmit: as i40e on Linux 5.6, which shares their structure; not measured'],
})

/**
 * Costs of native mode by card profile, and by the name of a measurement where a profile was measured twice. What nobody
 * published is undefined, not guessed. The name in parentheses is the section of the project's collection of measurements.
 */
export const NATIVE_COSTS: Readonly<Record<string, HostCosts>> = {
  mlx5: MLX5,
  i40e: I40E,
  ixgbe: intel511('ixgbe 82599 10G'),
  'i40e-5.11': { ...intel511('i40e XL710 40G'), cardPacketsPerSecond: XL710 },
  'mlx5-forward': {
    ...MLX5,
    name: 'mlx5 ConnectX-5 100G with bpf_fib_lookup, Linux 4.18-rc',
    actions: { ...MLX5.actions, redirect: [...mlx5Redirect, whole('route look-up', 'mlx5.fibLookup')] },
  },
  'mlx5-forward-full': {
    ...MLX5,
    name: 'mlx5 ConnectX-5 100G with bpf_fib_lookup in 752,147 routes, Linux 4.18-rc',
    actions: {
      ...MLX5.actions,
      redirect: [
        ...mlx5Redirect,
        whole('route look-up', 'mlx5.fibLookup'),
        whole('cache misses of the routing table', 'mlx5.fibFullTable'),
      ],
    },
  },
  'mlx5-2017': {
    name: 'mlx5 ConnectX-4 100G, Linux 4.11',
    processor: DESKTOP,
    gigahertz: DESKTOP.gigahertz,
    receive: [whole('driver receive', 'mlx5-2017.receive')],
    actions: { drop: [], pass: undefined, tx: mlx5Transmit, redirect: undefined },
    sources: [BROUER],
    notes: [],
  },
  stmmac: {
    name: 'stmmac Intel mGbE 1G, preempt-rt',
    processor: EMBEDDED,
    gigahertz: EMBEDDED.gigahertz,
    receive: [whole('driver receive', 'stmmac.receive')],
    actions: { drop: [], pass: undefined, tx: [], redirect: [] },
    sources: [STMMAC],
    notes: ['times of one machine that is not described; nothing scales with a clock'],
  },
  veth: {
    name: 'veth',
    processor: BROADWELL,
    gigahertz: BROADWELL.gigahertz,
    receive: [],
    actions: {
      drop: undefined,
      pass: [{ component: 'redirect from ixgbe and veth pass', nanoseconds: 1000 / 3.75, source: REDIRECT_SERIES }],
      tx: undefined,
      redirect: undefined,
    },
    sources: [REDIRECT_SERIES],
    notes: ['pass is a measurement, not a model, and includes the redirect from ixgbe that fed it'],
  },
  virtio_net: {
    name: 'virtio_net',
    processor: BROADWELL,
    gigahertz: BROADWELL.gigahertz,
    receive: [],
    actions: { drop: undefined, pass: undefined, tx: undefined, redirect: undefined },
    sources: [],
    notes: ['no native virtio_net measurement found'],
  },
}

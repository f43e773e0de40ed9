/** What was told on kernel mailing lists, in commits and talks: nfp.md 4.1, 4.3 and 4.5. */
import type { HostRow, HostSetup } from '@bpfoundry/device'

const BROADWELL = 'Xeon E5-1650 v4 at 3.8 GHz (3.6 nominal), Linux 5.11, 64 B'
const SERIES = 'LKML, redirect_map in bulks, and cover.1611685778 (nfp.md 4.5)'
const BROUER = 'J. D. Brouer, Eval Generic netstack XDP patch, prototype-kernel, 2017-04-24 (nfp.md 4.3)'
const SKYLAKE = 'Core i7-6700K 4.0 GHz, ConnectX-4 100G, Linux 4.11, one core, 64 B'
const STMMAC = 'LKML 20210329134013.9516-1 (nfp.md 4.3)'
const MGBE = 'Intel mGbE, stmmac, preempt-rt'

type Calibrated = readonly string[]
type Row = readonly [id: string, what: string, megapackets: number, setup: HostSetup | string, calibrates?: Calibrated]

const one = (costs: string, scenario: string, action: HostSetup['action']): HostSetup => ({ costs, scenario, action })
const OLDER = 'measured before redirects went in bulks; what that kernel did otherwise is not told'
const UNKNOWN_HOST = 'processor and card of the host are not told'
const VETH = 'veth was measured only behind ixgbe: the sum of both, which nothing tells apart'

// biome-ignore format: table
const REDIRECTS: readonly Row[] = [
  ['ixgbe',      'xdp_redirect_map from ixgbe, in bulks',  6.85, one('ixgbe', 'swap-redirect', 'redirect'),     ['intel.mitigations']],
  ['i40e',       'xdp_redirect_map from i40e, in bulks',   6.72, one('i40e-5.11', 'swap-redirect', 'redirect'), ['intel.mitigations']],
  ['ixgbe.old',  'xdp_redirect_map from ixgbe, before',    6.04, OLDER],
  ['i40e.old',   'xdp_redirect_map from i40e, before',     6.19, OLDER],
  ['veth',       'ixgbe, redirect to veth, XDP_PASS',      3.75, VETH],
  ['veth.old',   'ixgbe, redirect to veth, before',        3.64, VETH],
  ['cpumap',     'cpumap, then iptables raw drops',        14.07, 'card and number of processors are not told'],
]

// biome-ignore format: table
const NATIVE_2017: readonly Row[] = [
  ['drop', 'XDP_DROP, packet not touched', 19.80, one('mlx5-2017', 'memory-drop', 'drop'), ['mlx5-2017.receive', 'mlx5-2017.touch']],
  ['read', 'XDP_DROP, packet read',        12.01, one('mlx5-2017', 'memory-read', 'drop'), ['mlx5-2017.receive', 'mlx5-2017.touch', 'mlx5.transmit']],
  ['tx',   'XDP_TX, packet read',          10.11, one('mlx5-2017', 'memory-tx', 'tx'),     ['mlx5-2017.receive', 'mlx5.transmit']],
]

// biome-ignore format: table
const EMBEDDED: readonly Row[] = [
  ['drop',     'xdp1, XDP_DROP',     0.684, one('stmmac', 'drop', 'drop'),         ['stmmac.receive']],
  ['tx',       'xdp2, XDP_TX',       0.713, one('stmmac', 'drop', 'tx'),           ['stmmac.receive']],
  ['redirect', 'XDP_REDIRECT',       0.677, one('stmmac', 'drop', 'redirect'),     ['stmmac.receive']],
  ['cpumap',   'cpumap, enqueueing', 0.668, one('stmmac', 'drop', 'redirect'),     ['stmmac.receive']],
]

/** The card's limit where cores idled: a calibration of its own. */
const XL710: readonly Row[] = [
  ['i40e.drop', 'XDP_DROP on XL710, 1 core', 35.38, one('i40e-5.11', 'rxq-drop', 'drop'), ['i40e.card']],
  [
    'i40e.drop6',
    'XDP_DROP on XL710, 6 cores',
    36.1,
    { ...one('i40e-5.11', 'rxq-drop', 'drop'), cpus: 6 },
    ['i40e.card'],
  ],
]

// biome-ignore format: table
const TALKS: readonly Row[] = [
  ['drop',     'SOSCON 2019, native drop by UDP destination', 9.941, UNKNOWN_HOST],
  ['redirect', 'SOSCON 2019, redirect with bpf_fib_lookup',   3.030, UNKNOWN_HOST],
  ['fec.tx',   'i.MX8MP FEC, xdp2',                           0.354, 'one in-order ARM core: nothing here is calibrated on one'],
  ['fec.redirect', 'i.MX8MP FEC, redirect to itself',         0.2349, 'one in-order ARM core: nothing here is calibrated on one'],
  ['tun',      'tun, xdp1',                                   2.3,   UNKNOWN_HOST],
]

function rows(prefix: string, group: string, hardware: string, source: string, table: readonly Row[]): HostRow[] {
  return table.map(([id, what, published, setup, calibrates]): HostRow => {
    const role = calibrates === undefined ? 'validates' : 'calibrates'
    const shared = { id: `${prefix}.${id}`, group, what, hardware, source, unit: 'Mpps', published, setup } as const
    return calibrates === undefined ? { ...shared, role } : { ...shared, role, calibrates }
  })
}

export const KERNEL_LIST_ROWS: readonly HostRow[] = [
  ...rows('native2017', 'native, ConnectX-4, 2017', SKYLAKE, BROUER, NATIVE_2017),
  ...rows('xl710', 'XL710, limit of the card', BROADWELL, 'tohojo/xdp-paper, bench02_xdp_drop.org (nfp.md 4.4)', XL710),
  ...rows('series', 'redirect on Linux 5.11', BROADWELL, SERIES, REDIRECTS),
  ...rows('stmmac', 'native, stmmac', MGBE, STMMAC, EMBEDDED),
  ...rows('talk', 'not answered, hosts not told', 'see the row', 'nfp.md 4.1, 4.3', TALKS),
]

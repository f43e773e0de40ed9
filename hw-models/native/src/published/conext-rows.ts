/** The XDP paper's machine: nfp.md 4.4, and the data files behind the paper's figures. */
import type { HostRow } from '@bpfoundry/device'
import { cores, type RowTable, type SeriesRow, seriesRows } from './row-tables.ts'

const TABLE: RowTable = {
  group: 'CoNEXT 2018, ConnectX-5',
  hardware: 'Xeon E5-1650 v4 at 3.8 GHz (3.6 nominal), ConnectX-5 100G, 64 B',
  source: 'Høiland-Jørgensen et al., CoNEXT 2018; tohojo/xdp-paper, benchmarks/bench01, 04, 05 (nfp.md 4.4)',
}

const COMPRESSED = 'completions are compressed: another cost a packet, and another limit of PCIe'

const drop = (
  id: string,
  what: string,
  scenario: string,
  descriptors: number,
): Pick<SeriesRow, 'id' | 'what' | 'setup'> => ({
  id: `conext.${id}`,
  what,
  setup: { costs: 'mlx5', scenario, action: 'drop', descriptors },
})
const tx = (descriptors: number): Pick<SeriesRow, 'id' | 'what' | 'setup'> => ({
  id: `conext.tx${descriptors}`,
  what: `XDP_TX, ring of ${descriptors}`,
  setup: { costs: 'mlx5', scenario: 'rxq-tx', action: 'tx', descriptors },
})
const redirect = (descriptors: number): Pick<SeriesRow, 'id' | 'what' | 'setup'> => ({
  id: `conext.redirect${descriptors}`,
  what: `XDP_REDIRECT to another port, ring of ${descriptors}`,
  setup: { costs: 'mlx5', scenario: 'swap-redirect', action: 'redirect', descriptors },
})
const forward = (descriptors: number): Pick<SeriesRow, 'id' | 'what' | 'setup'> => ({
  id: `conext.forward${descriptors}`,
  what: `routing by bpf_fib_lookup, one route, ring of ${descriptors}`,
  setup: { costs: 'mlx5-forward', scenario: 'swap-redirect', action: 'redirect', descriptors },
})

// biome-ignore format: table
const ROWS: readonly SeriesRow[] = [
  { ...drop('drop1024', 'XDP_DROP, ring of 1024', 'rxq-drop', 1024),             megapackets: [24.379, 49.806, 73.230, 86.624, 86.831, 86.608], calibrates: [[[0], ['mlx5.receive', 'mlx5.touch']], [[3, 4, 5], ['mlx5.cardKept']]] },
  { ...drop('drop512',  'XDP_DROP, ring of 512',  'rxq-drop', 512),              megapackets: [24.804, 50.232, 74.351, 86.198, 86.973, 87.101], calibrates: [[[0], ['mlx5.receive', 'mlx5.touch']]] },
  { ...drop('paper',    'XDP_DROP, another run',  'rxq-drop', 1024),             megapackets: [25.928, 51.350, 76.578, 82.782, 82.294, 80.444], calibrates: [[[0], ['mlx5.receive']]], note: 'the generator gave 82 Mpps to four cores and more' },
  { ...drop('read1024', 'XDP_DROP that reads, ring of 1024', 'rxq-read', 1024),  megapackets: [23.096, 46.553, 64.474, 68.251, 49.906, 56.324], calibrates: [[[0, 1], ['mlx5.touch']]] },
  { ...drop('read512',  'XDP_DROP that reads, ring of 512', 'rxq-read', 512),    megapackets: [23.063, 46.538, 68.860, 86.168, 87.341, 87.585], calibrates: [[[0, 1], ['mlx5.touch']]] },
  { ...tx(1024), megapackets: [16.231, 31.226, 32.344, 32.604, 37.495, 43.231], calibrates: [[[2, 3, 4, 5], ['frameCache.frames', 'frameCache.miss']]] },
  { ...tx(512),  megapackets: [17.006, 33.926, 45.523, 50.979, 50.620, 52.316], calibrates: [[[0], ['mlx5.transmit']], [[3, 4, 5], ['frameCache.frames', 'frameCache.miss']]] },
  { ...tx(256),  megapackets: [16.901, 34.850, 51.884, 68.954, 70.165, 68.744], calibrates: [[[0], ['mlx5.transmit']], [[4, 5], ['mlx5.cardSent']]] },
  { ...redirect(1024), megapackets: [8.650, 15.975, 19.223, 21.536, 25.464, 29.829], calibrates: [[[0], ['mlx5.redirect']]] },
  { ...redirect(512),  megapackets: [8.666, 16.629, 25.231, 28.807, 31.306, 33.970], calibrates: [[[0], ['mlx5.redirect']]] },
  { ...redirect(256),  megapackets: [8.641, 16.742, 25.738, 34.185, 41.462, 46.063], calibrates: [[[0], ['mlx5.redirect']]] },
  { id: 'conext.raw', what: 'no XDP, iptables raw drops', setup: { costs: 'mlx5', scenario: 'none', action: 'pass' }, megapackets: [5.052, 10.227, 15.105, 20.076, 24.996, 29.444], calibrates: [[[0], ['mlx5.stack']]] },
  { id: 'conext.raw2', what: 'no XDP, iptables raw drops, another host', setup: { costs: 'mlx5', scenario: 'none', action: 'pass' }, megapackets: [4.837, 9.662, 14.484, 19.251, 24.070, 28.817], calibrates: [[[0], ['mlx5.stack']]] },
  { id: 'conext.pass', what: 'XDP_PASS, iptables raw drops', setup: { costs: 'mlx5', scenario: 'rxq-pass', action: 'pass' }, megapackets: [4.545, 9.069, 13.597, 18.081, 22.521, 27.003] },
  { ...forward(1024), megapackets: [5.211, 10.239, 13.731, 16.393, 19.365, 22.853], calibrates: [[[0], ['mlx5.fibLookup']]] },
  { ...forward(512),  megapackets: [5.358, 10.571, 15.723, 20.193, 23.225, 25.916], calibrates: [[[0], ['mlx5.fibLookup']]] },
  { ...forward(256),  megapackets: [5.356, 10.652, 15.938, 21.354, 26.057, 30.417], calibrates: [[[0], ['mlx5.fibLookup']]] },
  { id: 'conext.katran', what: 'Katran, 1000 flows', setup: { costs: 'mlx5', scenario: 'balancer', action: 'tx', descriptors: 512 }, megapackets: [5.162, 10.050, 14.611, 19.515, 23.444, 29.303], note: "an own balancer with Katran's tables in its place; the size of the rings is not told" },
  { id: 'conext.forward-full', what: 'routing by bpf_fib_lookup, 752,147 routes', setup: { costs: 'mlx5-forward-full', scenario: 'swap-redirect', action: 'redirect', descriptors: 256 }, megapackets: [3.446, 7.017, 10.641, 14.409, 17.871, 21.227], calibrates: [[[0, 1], ['mlx5.fibFullTable']]] },
]

const LINUX = 'the stack beyond iptables raw is not modelled'
const LATENCY = 'a round trip hangs on interrupt moderation and the generator, which are not modelled'

// biome-ignore format: table
const OPEN = [
  ['compressed.x1',  'XDP_DROP, compressed completions, 1 core',  'Mpps', 23.903,  COMPRESSED],
  ['compressed.x6',  'XDP_DROP, compressed completions, 6 cores', 'Mpps', 108.119, COMPRESSED],
  ['conntrack',      'no XDP, conntrack, 1 core',                 'Mpps', 1.819,   LINUX],
  ['linux.forward',  'no XDP, routing, one route, 1 core',        'Mpps', 1.740,   LINUX],
  ['linux.full',     'no XDP, routing, full table, 1 core',       'Mpps', 1.374,   LINUX],
  ['latency.idle',   'round trip at 100 packets a second',        'us',   82,      LATENCY],
  ['latency.loaded', 'round trip at 1 Mpps',                      'us',   7,       LATENCY],
] as const

const UNSHARED = { ...TABLE, group: 'not answered, CoNEXT 2018' }

export const CONEXT_ROWS: readonly HostRow[] = [
  ...seriesRows(TABLE, cores(6), ROWS),
  ...OPEN.map(([id, what, unit, published, setup]): HostRow => {
    return { ...UNSHARED, id: `conext.${id}`, what, unit, published, role: 'validates', setup }
  }),
]

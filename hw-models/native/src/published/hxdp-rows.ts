/** hXDP's x86 baseline: nfp.md 4.2, and the figures of the published paper where the collection has none. */
import type { HostRow } from '@bpfoundry/device'
import { type RowTable, type SeriesPoint, type SeriesRow, seriesRows } from './row-tables.ts'

const TABLE: RowTable = {
  group: 'hXDP, x86 at three clocks, read off figures (5 to 10 %)',
  hardware: 'Xeon E5-1630 v3, XL710 40G, Linux 5.6.4, one core, 64 B',
  source: 'Brunella et al., hXDP, OSDI 2020, figures 10 to 15 (nfp.md 4.2)',
}

const CLOCKS: readonly SeriesPoint[] = [1.2, 2.1, 3.7].map((gigahertz) => ({
  mark: `@${gigahertz}`,
  words: `${gigahertz} GHz`,
  setup: { gigahertz },
}))
/** The slowest and the fastest clock; what lies between validates that only cycles scale. */
const ENDS = [0, 2]
const RECEIVE = ['i40e.receive']
const TRANSMIT = ['i40e.receive', 'i40e.transmit']
const REDIRECT = ['i40e.receive', 'i40e.redirect']

const row = (
  id: string,
  what: string,
  scenario: string,
  action: 'drop' | 'tx' | 'redirect',
  megapackets: readonly (number | undefined)[],
  rest: Pick<SeriesRow, 'calibrates' | 'note'> = {},
): SeriesRow => ({ id: `hxdp.${id}`, what, setup: { costs: 'i40e', scenario, action }, megapackets, ...rest })

const ROUTER_NOTE =
  "which of the sample's ways the packets took is not told: a /32 route here; by its trie the model gives a quarter less"
const DROP_NOTE = 'a drop alone runs at a higher IPC than the model has'

const KATRAN = "an own balancer with Katran's tables in its place; a thousand flows, which is not told"

// biome-ignore format: table
const ROWS: readonly SeriesRow[] = [
  row('drop',         'XDP_DROP',          'drop',          'drop',     [34, 38.5, 39],     { calibrates: [[[1, 2], ['i40e.card']]], note: DROP_NOTE }),
  row('tx',           'XDP_TX',            'swap-tx',       'tx',       [5, 7.4, 13],       { calibrates: [[ENDS, TRANSMIT]] }),
  row('redirect',     'redirect',          'swap-redirect', 'redirect', [3.4, 5.5, 9.9],    { calibrates: [[ENDS, REDIRECT]], note: 'the text says 11 Mpps at 3.7 GHz' }),
  row('xdp1',         'xdp1',              'parse-drop',    'drop',     [10.6, 15.9, 27.8], { calibrates: [[ENDS, RECEIVE]] }),
  row('xdp2',         'xdp2',              'parse-tx',      'tx',       [4.6, 7, 12.2],     { calibrates: [[ENDS, TRANSMIT]] }),
  row('adjust_tail',  'xdp_adjust_tail',   'too-big',       'tx',       [2.5, 4, 7]),
  row('router_ipv4',  'xdp_router_ipv4',   'router',        'redirect', [2.8, 4.6, 8],      { note: ROUTER_NOTE }),
  row('rxq_drop',     'xdp_rxq_info drop', 'rxq-drop',      'drop',     [11.5, 19.3, 34],   { calibrates: [[ENDS, RECEIVE]] }),
  row('rxq_tx',       'xdp_rxq_info tx',   'rxq-tx',        'tx',       [4.5, 7, 12.2],     { calibrates: [[ENDS, TRANSMIT]] }),
  row('tx_iptunnel',  'xdp_tx_iptunnel',   'tunnel',        'tx',       [2.5, 4, 7.2]),
  row('redirect_map', 'xdp_redirect_map',  'swap-redirect', 'redirect', [3.6, 5.5, 9.5],    { calibrates: [[ENDS, REDIRECT]] }),
  row('firewall',     'simple firewall',   'firewall',      'redirect', [2.6, 4.2, 7.4]),
  row('katran',       'Katran',            'balancer',      'tx',       [1.6, 2.6, 4.6],    { note: KATRAN }),
  row('key1',         'map key of 1 B',    'key1',          'drop',     [9.5, 16, 27.8]),
  row('key2',         'map key of 2 B',    'key2',          'drop',     [9.6, 16.5, 28.5]),
  row('key4',         'map key of 4 B',    'key4',          'drop',     [9.2, 15.7, 27]),
  row('key8',         'map key of 8 B',    'key8',          'drop',     [8.4, 14.5, 25]),
  row('key16',        'map key of 16 B',   'key16',         'drop',     [6, 10.3, 18]),
  row('csum1',        'checksum x 1',      'checksums1',    'drop',     [7.7, 11.8, 20.5]),
  row('csum10',       'checksum x 10',     'checksums10',   'drop',     [2.1, 3.4, 6]),
  row('csum20',       'checksum x 20',     'checksums20',   'drop',     [1.1, 1.8, 3.2]),
  row('csum30',       'checksum x 30',     'checksums30',   'drop',     [0.75, 1.3, 2.2]),
  row('csum40',       'checksum x 40',     'checksums40',   'drop',     [0.57, 1, 1.7]),
]

const LATENCY = 'a round trip hangs on interrupt moderation and the load that it was measured at, which are not told'

/** What the model does not answer: [id, what, unit, published, why]. */
// biome-ignore format: table
const OPEN = [
  ['latency.64',   'round trip of 64 B',     'us',   12,   LATENCY],
  ['latency.256',  'round trip of 256 B',    'us',   14.5, LATENCY],
  ['latency.512',  'round trip of 512 B',    'us',   28.5, LATENCY],
  ['latency.1514', 'round trip of 1514 B',   'us',   51,   LATENCY],
] as const

export const HXDP_ROWS: readonly HostRow[] = [
  ...seriesRows(TABLE, CLOCKS, ROWS),
  ...OPEN.map(([id, what, unit, published, setup]): HostRow => {
    return { ...TABLE, id: `hxdp.${id}`, what, unit, published, role: 'validates', setup }
  }),
]

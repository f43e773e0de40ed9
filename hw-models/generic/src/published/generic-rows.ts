/** Generic XDP beside native on the same machine: nfp.md 4.3. */
import type { HostRow, HostSetup } from '@bpfoundry/device'

const BROUER = {
  group: 'generic, ConnectX-4, 2017',
  hardware: 'Core i7-6700K 4.0 GHz, ConnectX-4 100G, Linux 4.11 with patch V4, one core, 64 B',
  source: 'J. D. Brouer, Eval Generic netstack XDP patch, prototype-kernel, 2017-04-24 (nfp.md 4.3)',
  unit: 'Mpps',
} as const
const STMMAC = {
  group: 'generic, stmmac',
  hardware: 'Intel mGbE, stmmac, preempt-rt',
  source: 'LKML 20210329134013.9516-1 (nfp.md 4.3)',
  unit: 'Mpps',
} as const
const OPEN = {
  group: 'not answered, hosts not told',
  hardware: 'see the row',
  source: 'LKML 20230815051955.150298-2; commit log of tun (nfp.md 4.3)',
  unit: 'Mpps',
} as const

const mlx5 = (scenario: string, action: HostSetup['action']): HostSetup => ({ costs: 'mlx5-2017', scenario, action })
const stmmac = (action: HostSetup['action']): HostSetup => ({ costs: 'stmmac', scenario: 'drop', action })
const PROFILE = { role: 'calibrates', calibrates: ['generic.profile'] } as const
const EMBEDDED = { role: 'calibrates', calibrates: ['stmmac.generic', 'stmmac.xmit'] } as const
const VALID = { role: 'validates' } as const

// biome-ignore format: table
export const GENERIC_ROWS: readonly HostRow[] = [
  { ...BROUER, ...VALID,    id: 'generic2017.drop',    what: 'XDP_DROP, packet not touched',       published: 8.43,   setup: mlx5('memory-drop', 'drop') },
  { ...BROUER, ...VALID,    id: 'generic2017.read',    what: 'XDP_DROP, packet read',              published: 8.41,   setup: mlx5('memory-read', 'drop') },
  { ...BROUER, ...PROFILE,  id: 'generic2017.read2',   what: 'XDP_DROP, packet read, the run that was profiled', published: 8.15, setup: mlx5('memory-read', 'drop') },
  { ...BROUER, ...PROFILE,  id: 'generic2017.tx',      what: 'XDP_TX, packet read',                published: 4.57,   setup: mlx5('memory-tx', 'tx') },
  { ...STMMAC, ...EMBEDDED, id: 'genericstmmac.drop',  what: 'xdp1, XDP_DROP',                     published: 0.118,  setup: stmmac('drop') },
  { ...STMMAC, ...EMBEDDED, id: 'genericstmmac.tx',    what: 'xdp2, XDP_TX',                       published: 0.0896, setup: stmmac('tx') },
  { ...STMMAC, ...EMBEDDED, id: 'genericstmmac.redirect', what: 'XDP_REDIRECT',                    published: 0.0967, setup: stmmac('redirect') },
  { ...OPEN,   ...VALID,    id: 'generic.fec.tx',      what: 'i.MX8MP FEC, xdp2, generic',         published: 0.1606, setup: 'one in-order ARM core: nothing here is calibrated on one' },
  { ...OPEN,   ...VALID,    id: 'generic.tun',         what: 'tun, xdp1, generic',                 published: 1.7,    setup: 'processor and card of the host are not told' },
]

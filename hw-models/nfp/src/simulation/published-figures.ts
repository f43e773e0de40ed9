import type { PublishedRow, RowRole } from '@bpfoundry/device'
import type { OfferedLoad } from './arrivals.ts'
import type { FirmwareBuild } from './card-run.ts'

/** What a published figure was measured with. */
export interface PublishedSetup {
  readonly card: string
  readonly ports: number
  readonly cores: number
  readonly firmware: FirmwareBuild
  /** Object under fixtures/programs and program in it, or a path of so many cycles without any command. */
  readonly object: string
  readonly program: string
  readonly cycles?: number
  /** Bytes of a frame without its check sequence. */
  readonly frameBytes: number
  readonly load: OfferedLoad
}

/** A published figure with its set-up: data. */
export interface PublishedCardRow extends PublishedRow {
  readonly setup: PublishedSetup
  /** Bound by cores alone: held to 2 %, the others to 10 %. */
  readonly coreBound: boolean
}

const KRUDE = 'J. Krude et al., CoNEXT 2021, artifacts: data-paper/measurements-section4 (nfp.md 4.1)'
const CX_2X40 = 'Agilio CX 2x40, 800 MHz'
/** More than two ports of 40 Gb/s carry: the source never stops. */
const LINE_RATE: OfferedLoad = { kind: 'rate', packetsPerSecond: 1e9 }
const SHAPED: OfferedLoad = { kind: 'shaped' }

/** One measurement of Krude's: program, cores, million packets a second, and whether more was offered than the card could do. */
type KrudeRow = readonly [
  program: string,
  cores: number,
  megapackets: number,
  load: 'shaped' | 'overloaded',
  RowRole,
  parameters: string,
  coreBound: boolean,
  note?: string,
]

// biome-ignore format: table
const KRUDE_ROWS: readonly KrudeRow[] = [
  ['drop',      5,  9.508, 'overloaded', 'calibrates', 'firmwareFull',      true],
  ['drop',     10, 19.415, 'overloaded', 'calibrates', 'firmwareFull',      true],
  ['drop',     15, 28.873, 'overloaded', 'calibrates', 'firmwareFull',      true],
  ['drop',     20, 38.5,   'shaped',     'calibrates', 'firmwareFull',      true,  'the source was shaped to the highest rate without loss'],
  ['drop',     25, 47.8,   'shaped',     'calibrates', 'firmwareFull',      true,  'the source was shaped to the highest rate without loss'],
  ['drop',     30, 53.2,   'shaped',     'validates',  '',                  false, 'the source was shaped to the highest rate without loss'],
  ['drop',     35, 52.116, 'overloaded', 'validates',  '',                  false],
  ['drop',     40, 52.191, 'overloaded', 'validates',  '',                  false],
  ['drop',     45, 52.891, 'overloaded', 'validates',  '',                  false],
  ['drop',     50, 53.191, 'overloaded', 'validates',  '',                  false],
  ['drop',     20, 34.787, 'overloaded', 'calibrates', 'overloadedMacRate', false],
  ['drop',     25, 34.589, 'overloaded', 'calibrates', 'overloadedMacRate', false],
  ['drop',     30, 34.623, 'overloaded', 'validates',  '',                  false, 'the cores alone could do more than the MAC takes in, and it broke down nevertheless'],
  ['read4',     5, 11.840, 'overloaded', 'calibrates', 'ememLatency firmwareArrays', true],
  ['read4',    10, 23.526, 'overloaded', 'validates',  '',                  true],
  ['read4',    15, 34.900, 'overloaded', 'validates',  '',                  true],
  ['read4',    20, 34.692, 'overloaded', 'calibrates', 'overloadedMacRate', false],
  ['read4',    30, 34.507, 'overloaded', 'calibrates', 'overloadedMacRate', false],
  ['read4',    35, 34.433, 'overloaded', 'calibrates', 'overloadedMacRate', false],
  ['read4',    40, 49.376, 'shaped',     'calibrates', 'readOccupancy',     false],
  ['read4',    45, 49.456, 'shaped',     'calibrates', 'readOccupancy',     false],
  ['read4',    50, 34.368, 'overloaded', 'validates',  '',                  false, 'with 40 and 45 cores the same load did 49.4 Mpps: near 50 Mpps the card is in one state or the other'],
  ['read6',     5, 10.302, 'overloaded', 'calibrates', 'ememLatency firmwareArrays', true],
  ['read6',    10, 20.379, 'overloaded', 'validates',  '',                  true],
  ['read6',    15, 30.370, 'overloaded', 'validates',  '',                  true],
  ['read6',    20, 33.107, 'overloaded', 'calibrates', 'readOccupancy',     false],
  ['read8',     5,  9.147, 'overloaded', 'calibrates', 'ememLatency firmwareArrays', true],
  ['read8',    10, 17.958, 'overloaded', 'validates',  '',                  true],
  ['read8',    15, 24.813, 'overloaded', 'validates',  '',                  false],
  ['read8',    50, 24.905, 'overloaded', 'calibrates', 'readOccupancy',     false],
  ['read10',    5,  8.254, 'overloaded', 'calibrates', 'ememLatency firmwareArrays', true],
  ['read10',   10, 16.040, 'overloaded', 'validates',  '',                  true],
  ['read10',   20, 19.969, 'overloaded', 'calibrates', 'readOccupancy',     false],
  ['read12',    5,  7.450, 'overloaded', 'calibrates', 'ememLatency firmwareArrays', true],
  ['read12',   10, 14.318, 'overloaded', 'validates',  '',                  true],
  ['read12',   50, 16.632, 'overloaded', 'calibrates', 'readOccupancy',     false],
  ['read14',    5,  6.833, 'overloaded', 'calibrates', 'ememLatency firmwareArrays', true],
  ['read14',   10, 12.951, 'overloaded', 'validates',  '',                  true],
  ['read14',   50, 14.261, 'overloaded', 'calibrates', 'readOccupancy',     false],
  ['add9',     50, 27.648, 'overloaded', 'calibrates', 'addOccupancy',      false],
  ['add12',    50, 20.791, 'overloaded', 'calibrates', 'addOccupancy',      false],
  ['add16',    50, 15.597, 'overloaded', 'calibrates', 'addOccupancy',      false],
  ['add20',    50, 12.483, 'overloaded', 'calibrates', 'addOccupancy',      false],
]
/** Where a card that breaks down under load is measured so, the row says it. */
const BREAKS_DOWN: ReadonlySet<string> = new Set([
  'drop@20',
  'drop@25',
  'drop@30',
  'read4@20',
  'read4@30',
  'read4@35',
  'read4@50',
])

function krudeRow([program, cores, published, load, role, parameters, coreBound, note]: KrudeRow): PublishedCardRow {
  const brokenDown = load === 'overloaded' && BREAKS_DOWN.has(`${program}@${cores}`)
  const object = program === 'drop' ? 'drop' : program.startsWith('read') ? 'table_reads' : 'table_adds'
  const firmware: FirmwareBuild = program === 'drop' ? 'full' : 'arrays'
  const setup = { card: 'agilio-cx-2x40', ports: 2, cores, firmware, object, program, frameBytes: 60 } as const
  return {
    id: `nfp.${program}${brokenDown ? '.overloaded' : ''}@${cores}`,
    group: brokenDown ? 'nfp, overloaded' : `nfp, ${object.replace('_', ' ')} by cores`,
    what: `${program}, ${cores} cores${brokenDown ? ', offered more than it can do' : ''}`,
    hardware: `${CX_2X40}, ${firmware} firmware`,
    source: KRUDE,
    unit: 'Mpps',
    published,
    role,
    ...(parameters === '' ? {} : { calibrates: parameters.split(' ') }),
    ...(note === undefined ? {} : { note }),
    setup: { ...setup, load: load === 'shaped' ? SHAPED : LINE_RATE },
    coreBound,
  }
}

const FULL_CARD = { cores: 50, firmware: 'full', load: LINE_RATE, ports: 1 } as const

/** A straight line through 320 measured paths: so many cycles of a core for one of so many cycles. */
const [FIT_BASE, FIT_SLOPE] = [235.4, 0.943]

function shortPathRow(cycles: number): PublishedCardRow {
  return {
    id: `nfp.short-paths@${cycles}`,
    group: 'nfp, paths without memory',
    what: `a path of ${cycles} cycles by the line through 320 short paths, 5 cores`,
    hardware: `${CX_2X40}, trimmed firmware`,
    source: 'J. Krude et al., CoNEXT 2021, artifacts: fit of data-paper/measured-throughput (nfp.md 2)',
    unit: 'Mpps',
    published: Number(((5 * 800) / (FIT_BASE + FIT_SLOPE * cycles)).toFixed(3)),
    role: 'validates',
    note: 'the fit, no single measurement',
    setup: {
      ...FULL_CARD,
      ports: 2,
      card: 'agilio-cx-2x40',
      cores: 5,
      firmware: 'trimmed',
      object: '',
      program: '',
      cycles,
      frameBytes: 60,
    },
    coreBound: true,
  }
}

const OTHER_ROWS: readonly PublishedCardRow[] = [
  {
    id: 'nfp.soscon.drop',
    group: 'nfp, other publications',
    what: 'drop by UDP destination, 64 bytes, one port',
    hardware: 'Agilio CX 2x10, 633 MHz',
    source: 'SOSCON 2019, slides 191-194 (nfp.md 4.1)',
    unit: 'Mpps',
    published: 14.883,
    role: 'validates',
    note: 'the rate of the line',
    setup: { ...FULL_CARD, card: 'agilio-cx-2x10', object: 'udp_drop', program: 'drop_port', frameBytes: 60 },
    coreBound: false,
  },
  {
    id: 'nfp.l4lb',
    group: 'nfp, other publications',
    what: 'layer 4 load balancer, 32 destinations, 124 bytes in and 144 out',
    hardware: 'Agilio CX 2x40, 800 MHz, one port',
    source: 'Netronome bpf-samples, l4lb/README.rst (nfp.md 4.1)',
    unit: 'Mpps',
    published: 33.027,
    role: 'validates',
    note: 'counted by the program, before what it sends has to fit into the port; the card is not named, 40 Gb/s is what the rate needs',
    setup: { ...FULL_CARD, card: 'agilio-cx-2x40', object: 'spreader', program: 'spread', frameBytes: 124 },
    coreBound: false,
  },
  {
    id: 'nfp.hxdp.drop',
    group: 'nfp, other publications',
    what: 'XDP_DROP, 64 bytes',
    hardware: 'NFP-4000, 800 MHz',
    source: 'M. S. Brunella et al., hXDP, OSDI 2020 (nfp.md 4.1)',
    unit: 'Mpps',
    published: 32,
    role: 'validates',
    note: 'neither card nor ports nor firmware are named; Krude measured 53 on two ports',
    setup: { ...FULL_CARD, card: 'agilio-cx-1x40', object: 'drop', program: 'drop', frameBytes: 60 },
    coreBound: false,
  },
  {
    id: 'nfp.hxdp.tx',
    group: 'nfp, other publications',
    what: 'XDP_TX, 64 bytes',
    hardware: 'NFP-4000, 800 MHz',
    source: 'M. S. Brunella et al., hXDP, OSDI 2020: from memory, not verified (nfp.md 4.1)',
    unit: 'Mpps',
    published: 28,
    role: 'validates',
    note: 'neither card nor ports nor firmware are named',
    setup: { ...FULL_CARD, card: 'agilio-cx-1x40', object: 'tx', program: 'reflect', frameBytes: 60 },
    coreBound: false,
  },
]

/** Published rates of nfp cards. */
export const PUBLISHED_CARD_ROWS: readonly PublishedCardRow[] = [
  ...KRUDE_ROWS.map(krudeRow),
  ...[100, 200, 300].map(shortPathRow),
  ...OTHER_ROWS,
]

import { traceBytes } from '@bpfoundry/device'
import { PacketGenerator } from '@bpfoundry/packet'
import type { BenchMap } from './bench-map.ts'
import type { BenchNic } from './bench-nic.ts'
import type { BenchObjects } from './bench-objects.ts'
import { readSpec, Testbench } from './testbench.ts'
import type { DealtTraffic } from './trace-feeder.ts'
import type { Traffic } from './traffic.ts'

/** What the running kernel is asked, for comparison. */
export interface BlacklistQuestion {
  /** As in {@link BlacklistOptions}. */
  readonly object: string | Uint8Array
  readonly entries: number
  /** `count` keys of the table from the `first` on, packed. */
  readonly keys: (first: number, count: number) => Uint8Array
  /** Traffic as in the run, for who can play it: `bpfoundry run --pktgen` takes it. */
  readonly pktgen: string
}

/** What the running kernel does with the same program and table. */
export interface BlacklistOracleAnswer {
  /** Nanoseconds of a packet on one core. */
  readonly nanosecondsPerPacket: number
  /** "Linux 6.18.5" */
  readonly kernel: string
  /** How it was measured, a line. */
  readonly method: string
}

/** Options of {@link benchBlacklist}. */
export interface BlacklistOptions {
  /** Object file with the program `filter` and the hash map `blocked`: fixtures/programs/blacklist. Path or bytes. */
  readonly object: string | Uint8Array
  /** Addresses in the table, of 10.0.0.0/8; all 16,777,216 by default. */
  readonly entries?: number
  /** Emulated CPUs of the larger run, 2 by default; the smaller one has one. */
  readonly cpus?: number
  readonly engine?: string
  /** Runs with one CPU and with all of them, in turn: 3 pairs by default; the median counts. */
  readonly pairs?: number
  /** How long a run should take, about; 1 s by default. */
  readonly seconds?: number
  /** Different frames, hence sources, in the traffic; 4 Mi by default. */
  readonly frames?: number
  /** Measures the running kernel, after the runs; undefined when it can't. */
  readonly oracle?: (question: BlacklistQuestion) => Promise<BlacklistOracleAnswer | undefined>
  readonly signal?: AbortSignal
  /** Told what goes on, a few words. */
  readonly onProgress?: (text: string) => void
}

/** One run. All times are wall times of this host. */
export interface BlacklistRun {
  readonly cpus: number
  readonly packets: number
  /** Packets whose source was in the table. */
  readonly dropped: number
  readonly seconds: number
  readonly packetsPerSecond: number
  readonly packetsPerSecondPerCpu: number
  /** Time of a packet on its CPU. */
  readonly nanosecondsPerPacket: number
  /**
   * Processor time of the whole process, a packet: what {@link nanosecondsPerPacket} would be on a host with nothing
   * else to do. Where it is much less, the run did not have the cores to itself.
   */
  readonly processorNanosecondsPerPacket: number
}

/** What {@link benchBlacklist} found. */
export interface BlacklistResult {
  readonly $schema: 'bpfoundry.bench-blacklist/1'
  readonly engine: string
  readonly entries: number
  /** Different sources in the traffic. */
  readonly frames: number
  /** The median runs of one CPU and of all; equal when there is one. */
  readonly one: BlacklistRun
  readonly all: BlacklistRun
  /** Every run in the order in which they were made. */
  readonly runs: readonly BlacklistRun[]
  /** Median over the pairs: rate of all CPUs against one. */
  readonly ratio: number
  readonly mapBytes: number
  readonly traceBytes: number
  /** Most memory of the process at any time. */
  readonly peakBytes: number
  readonly kernel?: BlacklistOracleAnswer & {
    readonly packetsPerSecond: number
    /** Our rate per CPU, of the run with one, against its. */
    readonly timesAsFast: number
  }
}

const ALL_ENTRIES = 1 << 24
const FRAMES = 4 << 20
/** What the traffic's frames may take of guest memory. */
const TRACE_BYTES: number = 1024 * 2 ** 20
/** Keys of one map update. */
const BATCH = 1 << 20
/** Packets of the run that tells how many a second takes. */
const TRIAL_PACKETS = 400_000

/** `count` keys from `first` on: addresses of 10.0.0.0/8, spread over it when they are not all. */
export function blacklistBenchKeys(entries: number, first: number, count: number): Uint8Array {
  const keys = new Uint8Array(4 * count)
  const step = Math.floor(ALL_ENTRIES / entries)
  for (let n = 0; n < count; n++) {
    const host = (first + n) * step
    keys.set([10, host >>> 16, (host >>> 8) & 0xff, host & 0xff], 4 * n)
  }
  return keys
}

/**
 * The talk's demo, measured: native XDP, a table of many addresses, random sources out of all of 10.0.0.0/8, a look-up a
 * packet. Nothing but the CPUs works while the clock runs: the traffic is made and dealt out before.
 *
 * @throws TestbenchError TESTBENCH_ENGINE, TESTBENCH_NO_SUCH_FILE; KernelError when the table does not fit
 */
export async function benchBlacklist(options: BlacklistOptions): Promise<BlacklistResult> {
  const { entries = ALL_ENTRIES, cpus = 2, frames = FRAMES, pairs = 3 } = options
  const bench = await Testbench.create({
    cpus,
    threads: true,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
  })
  try {
    options.onProgress?.(`a table of ${entries} addresses`)
    const objects = await loadTable(bench, options.object, entries)
    const counts = cpus === 1 ? [1] : [1, cpus]
    const stands: Stand[] = []
    for (const count of counts) {
      options.onProgress?.(`${frames} frames for ${count} CPUs`)
      stands.push(await prepareStand(bench, objects, count, frames))
    }
    const runs: BlacklistRun[] = []
    for (let pair = 0; pair < pairs && !options.signal?.aborted; pair++) {
      for (const stand of stands) {
        options.onProgress?.(`pair ${pair + 1} of ${pairs}, ${stand.cpus} CPUs`)
        runs.push(await measure(stand, options))
      }
    }
    for (const { dealt } of stands) dealt.close()
    const kernel = await askKernel(options, entries)
    return result(bench, objects, { entries, frames, runs, cpus, kernel })
  } finally {
    await bench.close()
  }
}

/** A card with so many queues, and traffic for it. */
interface Stand {
  readonly cpus: number
  readonly nic: BenchNic
  readonly dealt: DealtTraffic
  /** Packets of a run, once a trial told. */
  packets: number
}

async function loadTable(bench: Testbench, object: string | Uint8Array, entries: number): Promise<BenchObjects> {
  const spec = readSpec(object)
  const table = spec.maps.get('blocked')
  if (table !== undefined) table.maxEntries = entries
  const objects = await bench.load(spec, { programs: ['filter'] })
  fillTable(objects.map('blocked'), entries)
  return objects
}

function fillTable(map: BenchMap, entries: number): void {
  for (let first = 0; first < entries; first += BATCH) {
    const count = Math.min(BATCH, entries - first)
    map.setMany(blacklistBenchKeys(entries, first, count), new Uint8Array(count * map.kernelMap.valueBytes), count)
  }
}

async function prepareStand(bench: Testbench, objects: BenchObjects, cpus: number, frames: number): Promise<Stand> {
  const sinks = { stackSink: 'discard', txSink: 'discard' } as const
  const nic = bench.addNic(`eno${bench.nics.length + 1}`, { profile: 'mlx5', queues: cpus, ringSize: 512, ...sinks })
  await nic.attachXdp(objects.program('filter'), { mode: 'native' })
  const dealt = nic.deal(repeated(TRAFFIC, frames), TRACE_BYTES)
  const stand = { cpus, nic, dealt, packets: TRIAL_PACKETS }
  // The first packets also bring the host's compilers up to speed.
  await nic.replay(dealt, TRIAL_PACKETS)
  return stand
}

const TRAFFIC = 'rate=10M,size=60,src=10.0.0.0/8,dst=192.0.2.1,proto=udp,dport=9'

/** Generated frames that come again. */
function repeated(specification: string, frames: number): Traffic {
  const generator = new PacketGenerator(`${specification},count=${frames}`)
  const bytes = new Uint8Array(generator.maxFrameLengthBytes)
  const longestBytes = bytes.length
  let lengthBytes = 0
  return {
    name: specification,
    count: frames,
    round: { frames, frameBytes: frames * longestBytes, longestBytes, roundNs: frames * 100 },
    next() {
      lengthBytes = generator.next(bytes, 0)
      return lengthBytes > 0
    },
    bytes,
    offsetBytes: 0,
    get lengthBytes() {
      return lengthBytes
    },
    get timestampNs() {
      return generator.timestampNs
    },
    frameIndex: -1,
  }
}

async function measure(stand: Stand, { seconds = 1, signal }: BlacklistOptions): Promise<BlacklistRun> {
  if (stand.packets === TRIAL_PACKETS) {
    const { wall } = await stand.nic.replay(stand.dealt, TRIAL_PACKETS)
    stand.packets = Math.max(TRIAL_PACKETS + 1, Math.ceil(wall.packetsPerSecond * seconds))
  }
  const before = process.cpuUsage()
  const { fates, wall } = await stand.nic.replay(stand.dealt, stand.packets, signal === undefined ? {} : { signal })
  const { user, system } = process.cpuUsage(before)
  const { cpus } = stand
  return {
    cpus,
    packets: fates.in,
    dropped: fates.drop,
    seconds: wall.seconds,
    packetsPerSecond: wall.packetsPerSecond,
    packetsPerSecondPerCpu: wall.packetsPerSecond / cpus,
    nanosecondsPerPacket: (1e9 * cpus) / wall.packetsPerSecond,
    processorNanosecondsPerPacket: (1000 * (user + system)) / fates.in,
  }
}

async function askKernel(options: BlacklistOptions, entries: number): Promise<BlacklistOracleAnswer | undefined> {
  if (options.oracle === undefined || options.signal?.aborted) return undefined
  options.onProgress?.('the running kernel')
  const keys = (first: number, count: number): Uint8Array => blacklistBenchKeys(entries, first, count)
  return options.oracle({ object: options.object, entries, keys, pktgen: TRAFFIC })
}

interface Measured {
  readonly entries: number
  readonly frames: number
  readonly cpus: number
  readonly runs: readonly BlacklistRun[]
  readonly kernel: BlacklistOracleAnswer | undefined
}

function result(bench: Testbench, objects: BenchObjects, measured: Measured): BlacklistResult {
  const { entries, frames, runs, cpus, kernel } = measured
  const ones = runs.filter((run) => run.cpus === 1)
  const alls = runs.filter((run) => run.cpus === cpus)
  const one = median(ones, (run) => run.packetsPerSecond)
  const all = median(alls, (run) => run.packetsPerSecond)
  const ratios = alls.map((run, pair) => run.packetsPerSecond / (ones[pair] ?? one).packetsPerSecond)
  return {
    $schema: 'bpfoundry.bench-blacklist/1',
    engine: bench.engine,
    entries,
    frames,
    one,
    all,
    runs,
    ratio: median(ratios, (ratio) => ratio),
    mapBytes: objects.map('blocked').kernelMap.storage.memoryBytes,
    traceBytes: traceBytes({ frames, frameBytes: frames * 60, longestBytes: 60 }),
    peakBytes: process.resourceUsage().maxRSS * 1024,
    ...(kernel === undefined ? {} : { kernel: { ...kernel, ...against(one, kernel) } }),
  }
}

function against(
  one: BlacklistRun,
  { nanosecondsPerPacket }: BlacklistOracleAnswer,
): { readonly packetsPerSecond: number; readonly timesAsFast: number } {
  return {
    packetsPerSecond: 1e9 / nanosecondsPerPacket,
    timesAsFast: nanosecondsPerPacket / one.nanosecondsPerPacket,
  }
}

function median<Item>(items: readonly Item[], of: (item: Item) => number): Item {
  const sorted = [...items].sort((a, b) => of(a) - of(b))
  return sorted[sorted.length >> 1] as Item
}

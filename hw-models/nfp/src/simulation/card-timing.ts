import type { TimingParameter } from './timing-parameter.ts'

const KRUDE = 'Krude et al., Determination of Throughput Guarantees for Processor-based SmartNICs, CoNEXT 2021'
const LATENCIES = 'public notes on the memory hierarchy, in ranges (nfp.md 2)'

/** Names of the card's parameters. */
export type CardTimingName =
  | 'firmwareFull'
  | 'firmwareTrimmed'
  | 'firmwareArrays'
  | 'lookupFull'
  | 'lookupArrays'
  | 'ctmLatency'
  | 'ememLatency'
  | 'imemLatency'
  | 'readOccupancy'
  | 'addOccupancy'
  | 'ememBanks'
  | 'bankBytes'
  | 'postedCommands'
  | 'macRate'
  | 'overloadedMacRate'
  | 'packetBuffer'
  | 'ingressLatency'
  | 'dispatchLatency'
  | 'egressLatency'
  | 'dmaWriteBase'
  | 'dmaWriteByte'

/**
 * Timing of the card around its cores' instructions. Cycles are those of the cores; the memories of a card run with its
 * cores' clock.
 */
// biome-ignore format: table
export const CARD_TIMING: Readonly<Record<CardTimingName, TimingParameter>> = {
  /** Cycles of a core that the firmware as users have it spends on a packet, outside of the program: median over five core counts. */
  firmwareFull:    { value: 397,       unit: 'cycles',    source: `${KRUDE}, artifacts, section 4 (nfp.md 4.1)` },
  /** The same of a firmware whose choice of a host queue was taken out. */
  firmwareTrimmed: { value: 224,        unit: 'cycles',    source: `${KRUDE}, 4.1 (nfp.md 2)` },
  /** A build of that firmware which keeps arrays at a fixed place: intercept of the rows from four to fourteen reads on five cores. */
  firmwareArrays:  { value: 210,        unit: 'cycles',    source: `${KRUDE}, artifacts, section 4 (nfp.md 4.1)` },
  /** Cycles of the firmware's look-up of a map element, its five memory commands counted on their own: hash, comparison of 16 words, lock. */
  lookupFull:      { value: 80,         unit: 'cycles',    source: 'CoreNIC source: what a look-up does (nfp.md 2.2)', assumption: 'about a cycle a word that is hashed or compared; no published row depends on it by more than 1 %' },
  /** The same where arrays lie at a fixed place: the element's address is computed. */
  lookupArrays:    { value: 2,          unit: 'cycles',    source: `${KRUDE}, artifacts: the driver's patch for arrays` },
  /** A context that waits for its cluster's memory, from the command to its next instruction. Four contexts that all wait keep their core waiting. */
  ctmLatency:      { value: 55,         unit: 'cycles',    source: `${KRUDE}, model: 16 cycles between commands (nfp.md 2)`, assumption: 'four times the distance less the instructions between two commands, as 91 is to 25' },
  /** The same for external memory that hits its cache: the slope of the rows from four to fourteen reads. */
  ememLatency:     { value: 91,         unit: 'cycles',    source: `${KRUDE}, artifacts, section 4 (nfp.md 4.1)` },
  imemLatency:     { value: 150,        unit: 'cycles',    source: LATENCIES, assumption: 'the lower end of 150 to 250' },
  /** What a read and an atomic add occupy of the engine behind one line of external memory. */
  readOccupancy:   { value: 4.0525,     unit: 'cycles',    source: `${KRUDE}, model: reads of one location (nfp.md 2)` },
  addOccupancy:    { value: 3.2198,     unit: 'cycles',    source: `${KRUDE}, model: adds to one location (nfp.md 2)` },
  /** Accesses spread over a large range do four times as many. */
  ememBanks:       { value: 4,          unit: 'banks',     source: `${KRUDE}, 4.2` },
  bankBytes:       { value: 64,         unit: 'bytes',     source: `${KRUDE}, 4.2; rows of 16 to 56 bytes are equally slow`, assumption: 'a line of the cache' },
  /** Commands without an answer that a core may have under way before it has to wait. */
  postedCommands:  { value: 16,         unit: 'commands',  source: 'none published', assumption: 'bounds what a single core can post; no published row depends on it' },
  /** What MAC and NBI take in at most. */
  macRate:         { value: 54.4e6,     unit: 'packets/s', source: `${KRUDE}, 4.1, confirmed by Netronome (nfp.md 2)` },
  /** What they take in once packets had to be dropped behind them, as long as more arrives: a defect of the MAC's firmware. */
  overloadedMacRate: { value: 34.6e6,   unit: 'packets/s', source: `${KRUDE}, 6.1 and artifacts (nfp.md 2)` },
  /** Packets that wait for a free context before more are dropped. */
  packetBuffer:    { value: 512,        unit: 'packets',   source: 'none published', assumption: 'five clusters of 256 KiB, half of it for packets of at most 256 bytes in the cluster' },
  /** From the wire to the queue of packets: one write to cluster memory by NBI, one to the queue. */
  ingressLatency:  { value: 128,        unit: 'cycles',    source: 'none published', assumption: 'two accesses to cluster memory' },
  /** From a packet and a free context to the context's first instruction; it is the queue's answer to a waiting context. */
  dispatchLatency: { value: 96,         unit: 'cycles',    source: LATENCIES, assumption: 'an access to cluster memory from another cluster, upper end of 50 to 100' },
  /** From the end of the firmware's work to the first bit on the wire. */
  egressLatency:   { value: 128,        unit: 'cycles',    source: 'none published', assumption: 'as the way in' },
  /** A write to the host by the DMA engine, and for each byte: write with read, less the read alone. */
  dmaWriteBase:    { value: 190,        unit: 'ns',        source: 'pcie-bench, NFP-6000 (nfp.md 2.1)' },
  dmaWriteByte:    { value: 0.243,      unit: 'ns/byte',   source: 'pcie-bench, NFP-6000 (nfp.md 2.1)' },
}

/** What the packet's descriptor adds to each packet that the host gets. */
export const HOST_DESCRIPTOR_BYTES = 8

/**
 * Writes of the DMA engine to the host: million a second by bytes.
 *
 * @see pcie-bench/data, NFP-6000 at 1.2 GHz, Xeon E5-2630v4 (nfp.md 2.1)
 */
// biome-ignore format: table
export const DMA_WRITE_RATES: readonly (readonly [bytes: number, millionPerSecond: number])[] = [
  [  16, 47.6],
  [  64, 47.4],
  [ 128, 41.4],
  [ 256, 24.7],
  [ 512, 13.3],
  [1024,  6.6],
  [1536,  4.4],
  [2048,  3.3],
]

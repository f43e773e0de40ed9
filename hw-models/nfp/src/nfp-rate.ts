import { linkPacketsPerSecond, type ModelledRate, type RateLimit, type RateQuestion } from '@bpfoundry/device'
import type { NfpCard } from './card.ts'
import { NFP_COSTS } from './nfp-costs.ts'
import { simulateCard } from './simulation/card-simulation.ts'
import { CARD_TIMING } from './simulation/card-timing.ts'
import { type PacketPath, pathCycles } from './simulation/packet-path.ts'

/** What a rate is asked of: one port's offload hook. The number of emulated CPUs does not matter, the card's cores do. */
export type NfpRateQuestion = Omit<RateQuestion, 'cpus' | 'linkGbps'> & {
  /** Ways that sampled packets took through the program's words: the rate then is that of the simulated card. */
  readonly paths?: readonly PacketPath[]
}

/** Packets of the simulation: some hundred for each of the card's cores. */
const SIMULATED_PACKETS = 10_000

/**
 * Packets a second that the card would do: by simulation where the ways of packets through the program's words are known.
 * Else an estimate, from executed BPF instructions:
 *
 * `min(cores * clock / (firmware + program), shared memory, MAC, link)`
 */
export function nfpRate(card: NfpCard, { stage, paths = [] }: NfpRateQuestion): ModelledRate {
  if (stage.packets > 0 && paths.length > 0) return simulatedRate(card, paths, stage.bytes / stage.packets)
  const model = `offload estimate from BPF instructions (${card.name}, ${card.workerCores} cores at ${card.clockHz / 1e6} MHz)`
  const base = { model, sources: [card.source, ...NFP_COSTS.sources] }
  if (stage.packets === 0) {
    const none = { packetsPerSecond: undefined, limitedBy: undefined, nanosecondsPerPacket: undefined }
    return { ...base, ...none, notes: ['no packets'] }
  }
  const programCycles = (stage.insns / stage.packets) * NFP_COSTS.cyclesPerInsn * NFP_COSTS.cycleSlope
  const cycles = NFP_COSTS.firmwareCycles + programCycles
  const helperCalls = stage.helperCalls / stage.packets
  const limits: [RateLimit, number][] = [
    ['processors', (card.workerCores * card.clockHz) / cycles],
    ['memory', helperCalls === 0 ? Number.POSITIVE_INFINITY : NFP_COSTS.lookupsPerSecond / helperCalls],
    ['card', NFP_COSTS.macPacketsPerSecond],
    ['link', linkPacketsPerSecond(card.linkGbps, stage.bytes / stage.packets)],
  ]
  const [limitedBy, packetsPerSecond] = limits.reduce((least, row) => (row[1] < least[1] ? row : least))
  return {
    ...base,
    packetsPerSecond,
    limitedBy,
    nanosecondsPerPacket: (cycles / card.clockHz) * 1e9,
    notes: ['one port', 'every helper call counts as a look-up in one shared map'],
  }
}

function simulatedRate(card: NfpCard, paths: readonly PacketPath[], frameBytes: number): ModelledRate {
  const { packetsPerSecond, limitedBy } = simulateCard({
    card: { ...card, ports: 1 },
    cores: card.workerCores,
    firmware: 'full',
    paths,
    frameBytes,
    load: { kind: 'shaped' },
    warmUpPackets: SIMULATED_PACKETS / 4,
    packets: SIMULATED_PACKETS,
  })
  const program = paths.reduce((sum, path) => sum + pathCycles(path), 0) / paths.length
  const cycles = CARD_TIMING.firmwareFull.value + program
  return {
    model: `simulated ${card.name}: ${card.workerCores} cores at ${card.clockHz / 1e6} MHz, the words of ${paths.length} sampled packets`,
    packetsPerSecond,
    limitedBy,
    nanosecondsPerPacket: (cycles / card.clockHz) * 1e9,
    sources: [card.source, CARD_TIMING.firmwareFull.source],
    notes: ['one port', 'without loss: a full line beyond what the cores can do makes the card do less'],
  }
}

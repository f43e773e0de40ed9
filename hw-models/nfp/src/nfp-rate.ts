import { linkPacketsPerSecond, type ModelledRate, type RateLimit, type RateQuestion } from '@bpfoundry/device'
import type { NfpCard } from './card.ts'
import { NFP_COSTS } from './nfp-costs.ts'

/** What a rate is asked of: one port's offload hook. The number of emulated CPUs does not matter, the card's cores do. */
export type NfpRateQuestion = Omit<RateQuestion, 'cpus' | 'linkGbps'>

/**
 * Packets a second that the card would do. An estimate: a program's cycles come from its executed BPF instructions, not
 * from the words that the driver would translate them to.
 *
 * `min(cores * clock / (firmware + program), shared memory, MAC, link)`
 */
export function nfpRate(card: NfpCard, { stage }: NfpRateQuestion): ModelledRate {
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

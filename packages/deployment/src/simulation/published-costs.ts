import type { RateQuestion } from '@bpfoundry/device'
import { genericRate } from '@bpfoundry/generic'
import { nativeRate } from '@bpfoundry/native'
import { CARD_TIMING, nfpCard, nfpRate, pathCycles } from '@bpfoundry/nfp'
import { estimateWork, sampledPaths } from '@bpfoundry/testbench'
import type { CardTime, CardWork, CostModel, HostWork } from './cost-model.ts'

/** A packet that no program sees, dropped as early as the stack can: 4.8 Mpps a core at 3.6 GHz. @see CoNEXT 2018, nfp.md 4.4 */
const STACK_NS: number = 1000 / 4.8
const STACK_GHZ = 3.6
/** DEV_MAP_BULK_SIZE. @see include/net/xdp.h */
const BULK = 16

/**
 * A DMA write as far as it was measured: a write and a read took 740 ns and 0.533 ns a byte, a read alone 550 ns and
 * 0.290 ns a byte. @see pcie-bench, SIGCOMM 2018, NFP-6000; nfp.md 2.1
 */
const TRANSFER = { ns: 740 - 550, nsPerByte: 0.533 - 0.29 } as const

/** Costs as they were published for each mode, driver and card, by the models of hw-models. */
export class PublishedCosts implements CostModel {
  readonly name = 'published measurements'
  readonly #notes = new Set<string>()
  readonly #cardTimes = new Map<string, CardTime>()

  hostNs(work: HostWork): number {
    const { mode, stage, packets, gigahertz } = work
    const untouched = packets - stage.packets
    if (untouched > 0) {
      this.#notes.add('packets without a program cost what the stack takes to drop them early (CoNEXT 2018)')
    }
    const stackNs = (untouched * STACK_NS * STACK_GHZ) / (gigahertz ?? STACK_GHZ)
    return mode === undefined || stage.packets === 0 ? stackNs : stackNs + stage.packets * this.#programNs(work)
  }

  cardTime(work: CardWork): CardTime {
    const { nic, stage, program } = work
    const { packets, insns, helperCalls, pass, drop, tx } = stage
    // Cards ask for every packet: packets with the same counts went the same way.
    const key = [nic.handle.profile.offload, program?.id, packets, insns, helperCalls, pass, drop, tx].join()
    let time = this.#cardTimes.get(key)
    if (time === undefined) {
      time = this.#cardTime(work)
      this.#cardTimes.set(key, time)
    }
    return time
  }

  /** By the way of one such packet through the program's words; estimated from BPF instructions where a core can't go it. */
  #cardTime({ nic, stage, program, frame }: CardWork): CardTime {
    const card = nfpCard(nic.handle.profile.offload ?? '')
    const rate = nfpRate(card, { stage })
    const capped = rate.limitedBy === 'memory' || rate.limitedBy === 'card'
    const intervalNs = capped && rate.packetsPerSecond !== undefined ? 1e9 / rate.packetsPerSecond : 0
    const device = nic.card?.port.nfp
    const [path] =
      device === undefined || program === undefined || frame === undefined
        ? []
        : sampledPaths(device, program, nic.nic.memory, [frame])
    if (path === undefined) {
      this.#notes.add(rate.model)
      return { cores: card.workerCores, packetNs: rate.nanosecondsPerPacket ?? 0, intervalNs }
    }
    const { value: firmwareCycles, source } = CARD_TIMING.firmwareFull
    this.#notes.add(
      `the words that packets go through on ${card.name}, ${card.workerCores} cores at ${card.clockHz / 1e6} MHz; firmware: ${source}`,
    )
    return { cores: card.workerCores, packetNs: ((firmwareCycles + pathCycles(path)) * 1e9) / card.clockHz, intervalNs }
  }

  transferNs(lengthBytes: number): number {
    return TRANSFER.ns + TRANSFER.nsPerByte * lengthBytes
  }

  notes(): readonly string[] {
    return [...this.#notes].sort()
  }

  #programNs({ nic, mode, stage, program, packets, gigahertz }: HostWork): number {
    const work = program === undefined ? undefined : estimateWork(program, stage)
    const question: RateQuestion = {
      stage,
      cpus: 1,
      sharing: { poll: packets, bulk: Math.min(BULK, packets) },
      ...(gigahertz === undefined ? {} : { gigahertz }),
      ...(work === undefined ? {} : { work }),
    }
    const { name } = nic.handle.profile
    const rate = mode === 'native' ? nativeRate(name, question) : genericRate(question)
    if (rate.nanosecondsPerPacket !== undefined) {
      this.#notes.add(rate.model)
      return rate.nanosecondsPerPacket
    }
    this.#notes.add(`assumed: native XDP on ${name} costs what generic XDP does, for lack of a published figure`)
    return genericRate(question).nanosecondsPerPacket ?? STACK_NS
  }
}

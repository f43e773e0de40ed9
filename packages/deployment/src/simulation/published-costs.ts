import type { RateQuestion } from '@bpfoundry/device'
import { genericRate } from '@bpfoundry/generic'
import { nativeRate } from '@bpfoundry/native'
import { nfpCard, nfpRate } from '@bpfoundry/nfp'
import { estimateWork } from '@bpfoundry/testbench'
import type { CardTime, CardWork, CostModel, HostWork, StageCounts } from './cost-model.ts'

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

  cardTime({ nic, stage }: CardWork): CardTime {
    const name = nic.handle.profile.offload ?? ''
    // Cards ask for every packet: the same counts have the same answer.
    const key = `${name} ${stage.packets} ${stage.insns} ${stage.helperCalls} ${stage.bytes}`
    let time = this.#cardTimes.get(key)
    if (time === undefined) {
      time = this.#cardTime(name, stage)
      this.#cardTimes.set(key, time)
    }
    return time
  }

  #cardTime(name: string, stage: StageCounts): CardTime {
    const card = nfpCard(name)
    const rate = nfpRate(card, { stage })
    this.#notes.add(rate.model)
    if (stage.insns === 0)
      this.#notes.add(`${name}: no BPF instructions were counted, so cores take an empty program's time`)
    const capped = rate.limitedBy === 'memory' || rate.limitedBy === 'card'
    return {
      cores: card.workerCores,
      packetNs: rate.nanosecondsPerPacket ?? 0,
      intervalNs: capped && rate.packetsPerSecond !== undefined ? 1e9 / rate.packetsPerSecond : 0,
    }
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

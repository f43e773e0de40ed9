import { GENERIC_COSTS } from '@bpfoundry/generic'
import { NATIVE_COSTS } from '@bpfoundry/native'
import { nfpCard } from '@bpfoundry/nfp'
import { modelledRate } from '@bpfoundry/testbench'
import type { CardTime, CardWork, CostModel, HostWork } from './cost-model.ts'

/** A packet that no program sees, dropped as early as the stack can: 4.8 Mpps a core. @see CoNEXT 2018, nfp.md 4.4 */
const STACK_NS: number = 1000 / 4.8
const STACK_GHZ = 3.6

/**
 * A DMA write as far as it was measured: a write and a read took 740 ns and 0.533 ns a byte, a read alone 550 ns and
 * 0.290 ns a byte. @see pcie-bench, SIGCOMM 2018, NFP-6000; nfp.md 2.1
 */
const TRANSFER = { ns: 740 - 550, nsPerByte: 0.533 - 0.29 } as const

/** Costs as they were published for each mode, driver and card, by `report.modelled` of the testbench. */
export class PublishedCosts implements CostModel {
  readonly name = 'published measurements'
  readonly #notes = new Set<string>()

  hostNs({ nic, mode, stage, packets, gigahertz }: HostWork): number {
    const untouched = packets - stage.packets
    const stackNs = untouched * STACK_NS * scale(STACK_GHZ, gigahertz)
    if (untouched > 0)
      this.#notes.add('packets without a program cost what the stack takes to drop them early (CoNEXT 2018)')
    return mode === undefined || stage.packets === 0
      ? stackNs
      : stackNs + stage.packets * this.#programNs({ nic, mode, stage, packets, gigahertz })
  }

  cardTime({ nic, stage }: CardWork): CardTime {
    const rate = modelledRate(nic.nic, 'offload', stage)
    this.#notes.add(rate.model)
    const { workerCores } = nfpCard(nic.handle.profile.offload ?? '')
    const capped = rate.limitedBy === 'memory' || rate.limitedBy === 'card'
    return {
      cores: workerCores,
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

  #programNs({ nic, mode = 'generic', stage, gigahertz }: HostWork): number {
    const rate = modelledRate(nic.nic, mode, stage)
    const { profile } = nic.handle
    if (rate.nanosecondsPerPacket !== undefined) {
      this.#notes.add(rate.model)
      return (
        rate.nanosecondsPerPacket *
        scale(
          mode === 'native' ? (NATIVE_COSTS[profile.name]?.gigahertz ?? STACK_GHZ) : GENERIC_COSTS.gigahertz,
          gigahertz,
        )
      )
    }
    this.#notes.add(
      `assumed: native XDP on ${profile.name} costs what generic XDP does, for lack of a published figure`,
    )
    const instead = modelledRate(nic.nic, 'generic', stage).nanosecondsPerPacket ?? STACK_NS
    return instead * scale(GENERIC_COSTS.gigahertz, gigahertz)
  }
}

/** Everything scales with the clock: an assumption, since memory does not. */
function scale(measuredGigahertz: number, gigahertz: number | undefined): number {
  return gigahertz === undefined ? 1 : measuredGigahertz / gigahertz
}

import {
  CounterBlock,
  FATE,
  FATES,
  type Fate,
  type Nic,
  type NicQueueHandle,
  STAGE,
  type StageCounter,
  XDP_MODE,
  XDP_MODES,
  type XdpMode,
} from '@bpfoundry/device'
import type { StageCounts } from './cost-model.ts'

const COUNTERS = Object.keys(STAGE) as StageCounter[]

/** What a queue's counters say of the last poll: how many packets each hook saw and did what with, and fates. */
export class PollMeter {
  /** Of the last poll. */
  readonly fates: Map<Fate, number> = new Map()
  readonly #stages: Readonly<Record<XdpMode, BlockMeter>>
  readonly #fateBlock: CounterBlock
  readonly #fatesBefore = new Float64Array(FATES.length)

  constructor(memory: Nic['memory'], queue: NicQueueHandle) {
    this.#stages = Object.fromEntries(
      XDP_MODES.map((mode) => [
        mode,
        new BlockMeter(new CounterBlock(memory, queue.stageCounters[XDP_MODE[mode]] as number)),
      ]),
    ) as Record<XdpMode, BlockMeter>
    this.#fateBlock = new CounterBlock(memory, queue.fateCounters)
  }

  /** Reads what has changed since the last time. */
  read(): void {
    this.fates.clear()
    for (const fate of FATES) {
      const now = this.#fateBlock.get(FATE[fate])
      const before = this.#fatesBefore[FATE[fate]] as number
      if (now !== before) this.fates.set(fate, now - before)
      this.#fatesBefore[FATE[fate]] = now
    }
    for (const mode of XDP_MODES) this.#stages[mode].read()
  }

  /** What a hook did since the last time. */
  stage(mode: XdpMode): StageCounts {
    return this.#stages[mode].counts
  }
}

/** Differences of one block of counters. */
class BlockMeter {
  readonly counts: Record<StageCounter, number> = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<
    StageCounter,
    number
  >
  readonly #block: CounterBlock
  readonly #before = new Float64Array(COUNTERS.length)

  constructor(block: CounterBlock) {
    this.#block = block
  }

  read(): void {
    // Without a packet nothing else has changed.
    const packets = this.#block.get(STAGE.packets)
    if (packets === this.#before[STAGE.packets] && this.counts.packets === 0) return
    for (const name of COUNTERS) {
      const place = STAGE[name]
      const now = this.#block.get(place)
      this.counts[name] = now - (this.#before[place] as number)
      this.#before[place] = now
    }
  }
}

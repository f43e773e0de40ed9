import { attachNic, createDriverPoll, createNic, linkPoll, NicWire } from '@bpfoundry/device'
import type { Engine, ProgramImage } from '@bpfoundry/engine'
import {
  BPF_B,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP32_IMM,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  type Insn,
} from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { Kernel } from '@bpfoundry/kernel'
import { PROG_TYPE, XDP_ACTION, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { nativeStage } from '@bpfoundry/native'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const RING = 512
const { ABORTED, DROP, PASS, TX } = XDP_ACTION
/** First bytes of packets; any other is the program's verdict. */
const FAULTS = 9
const LENGTH_BYTES = 64

/** Returns the packet's first byte, and faults where that is {@link FAULTS}. */
const insns: readonly Insn[] = [
  BPF_LDX_MEM(BPF_DW, 2, 1, XDP_BUFF.data),
  BPF_LDX_MEM(BPF_B, 0, 2, 0),
  BPF_JMP32_IMM(BPF_JEQ, 0, FAULTS, 1),
  BPF_EXIT_INSN(),
  ...(BPF_LD_IMM64(3, 0xffff_fff8) as readonly Insn[]),
  BPF_LDX_MEM(BPF_DW, 3, 3, 0),
  BPF_MOV64_REG(0, 3),
  BPF_MOV64_IMM(0, 1),
  BPF_EXIT_INSN(),
]
const IMAGE: ProgramImage = {
  id: 7,
  name: 'first_byte',
  tag: '0'.repeat(16),
  type: PROG_TYPE.XDP,
  expectedAttachType: 0,
  insns,
  subprograms: [{ name: 'first_byte', start: 0, end: insns.length, stackDepthBytes: 0 }],
  mapReferences: [],
  lines: [],
  gplCompatible: true,
}

// Machine code that faults would end the process. What an aborted run executed is counted by each engine in its own way.
const ENGINE: Engine = createWasmEngine({ progArray: PROG_ARRAY_LAYOUT })

/** A machine whose program runs packet by packet, or with the receive loop around it. */
class Machine {
  readonly #kernel: Kernel
  readonly #linked: ProgramImage | undefined
  #cards = 0

  constructor(loop: 'none' | 'compiled') {
    this.#kernel = Kernel.create({ engine: ENGINE })
    this.#linked = loop === 'none' ? undefined : linkPoll(IMAGE)
    for (const image of [IMAGE, this.#linked]) {
      if (image !== undefined) this.#kernel.runtime.install(ENGINE.translate(image))
    }
  }

  /** What polls of a new card leave behind of packets with these first bytes. */
  poll(firstBytes: readonly number[], queues = 1): unknown {
    const { memory, runtime, cpus } = this.#kernel
    const ifindex = 2 + this.#cards++
    const name = `eth${ifindex}`
    const sinks = { stackSink: 'discard', txSink: 'discard' } as const
    const handle = createNic(memory, { name, ifindex, profile: 'mlx5', queues, cpus: 1, ringSize: RING, ...sinks })
    this.#kernel.addNetDevice({ ifindex, name, rxQueues: queues })
    const nic = attachNic(memory, handle)
    const wire = new NicWire(memory, handle)
    nic.setProgram('native', IMAGE.id)
    const linked = this.#linked
    const driver = createDriverPoll({
      memory,
      nic: handle,
      cpu: cpus[0] as NonNullable<(typeof cpus)[0]>,
      programs: (id) => runtime.program(id),
      polls: () => (linked === undefined ? undefined : runtime.program(linked.id)),
      stages: [nativeStage],
    })
    const frame = new Uint8Array(LENGTH_BYTES)
    firstBytes.forEach((byte, n) => {
      frame[0] = byte
      wire.deliver(frame, 0, LENGTH_BYTES, n)
    })
    let handled = 0
    for (let now = 1; now > 0; handled += now) now = linked === undefined ? driver.pollAll() : driver.pollRow(5)
    return {
      handled,
      fates: nic.fates(),
      stage: nic.stageCounters('native'),
      queues: handle.queues.map(({ index }) => nic.queueCounters(index)),
      port: nic.portCounters(),
      fault: driver.fault()?.code,
    }
  }
}

const inRows = new Machine('compiled')
const oneByOne = new Machine('none')

/** Packets that are dropped, but for those at the places named. */
function dropsBut(count: number, others: Readonly<Record<number, number>>): number[] {
  return Array.from({ length: count }, (_, n) => others[n] ?? DROP)
}

describe('polls in a row leave what polls one by one leave', () => {
  // biome-ignore format: table
  test.each<[string, readonly number[]]>([
    ['nothing to settle',                   dropsBut(500, {})],
    ['less than a poll',                    dropsBut(3, {})],
    ['one more than a poll',                dropsBut(65, {})],
    ['the last packet of the first poll',   dropsBut(300, { 63: TX })],
    ['the first packet of the second poll', dropsBut(300, { 64: TX })],
    ['every poll has one to settle',        dropsBut(300, { 5: TX, 70: PASS, 130: TX, 200: 200, 299: TX })],
    ['passed packets that nobody sees',     Array.from({ length: 300 }, () => PASS)],
    ['a fault',                             dropsBut(300, { 100: FAULTS })],
    ['a fault of the first packet',         dropsBut(300, { 64: FAULTS })],
    ['a fault of the last packet',          dropsBut(300, { 127: FAULTS })],
    ['faults one after the other',          dropsBut(300, { 62: FAULTS, 63: FAULTS, 64: FAULTS, 299: FAULTS })],
  ])('%s', (_, firstBytes) => {
    expect(inRows.poll(firstBytes)).toEqual(oneByOne.poll(firstBytes))
  })

  test('whatever comes, on one queue and on several', () => {
    const byte = fc.oneof({ weight: 100, arbitrary: fc.constant(DROP) }, fc.constantFrom(ABORTED, PASS, TX, 77, FAULTS))
    const packets = fc.array(byte, { maxLength: RING, size: 'max' })
    fc.assert(
      fc.property(packets, fc.constantFrom(1, 2), (firstBytes, queues) => {
        expect(inRows.poll(firstBytes, queues)).toEqual(oneByOne.poll(firstBytes, queues))
      }),
      { numRuns: 40 },
    )
  })
})

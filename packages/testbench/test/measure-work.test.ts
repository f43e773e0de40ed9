import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { measureWork, pktgen, Testbench } from '../src/index.ts'
import { fixture } from './fixtures.ts'

const DROP = 1
const LOOKUP = 1
const REDIRECT_MAP = 51
const FRAME = Uint8Array.from({ length: 60 }, (_, at) => (at === 12 ? 8 : at === 14 ? 0x45 : at === 23 ? 17 : 0))
const published = (name: string): string => fixture(`programs/published/${name}.v2.o`)
const sixteen = new Array<Uint8Array>(16).fill(FRAME)

describe('what a program does for a packet', () => {
  test('a drop: two instructions, and what goes around them', () => {
    const { program, work, verdicts } = measureWork({ object: fixture('programs/drop/drop.v2.o'), packets: sixteen })
    expect({ program, verdicts: new Set(verdicts) }).toEqual({ program: 'drop', verdicts: new Set([DROP]) })
    expect(work).toMatchObject({ bpfInsns: 2, helpers: [], touched: 0, method: 'counted on 16 packets' })
    expect(work.x86Insns).toBeGreaterThanOrEqual(2)
    expect(work.x86Insns).toBeLessThan(10)
  })

  test('parsing: the packet is read, the counter of its protocol looked up', () => {
    const { work } = measureWork({ object: published('parse_drop'), packets: sixteen })
    const map = { type: MAP_TYPE.PERCPU_ARRAY, keyBytes: 4, valueBytes: 8, hotElements: 1 }
    expect(work.helpers).toEqual([{ helper: LOOKUP, calls: 1, map }])
    expect(work.touched).toBe(1)
    // Nearly one x86 instruction for each of BPF, one for the call, and the entry.
    expect(work.x86Insns / work.bpfInsns).toBeGreaterThan(1)
    expect(work.x86Insns / work.bpfInsns).toBeLessThan(2)
  })

  test('each key that packets come to is hot', () => {
    const packets = [6, 17, 47].map((protocol) => FRAME.with(23, protocol))
    const [lookup] = measureWork({ object: published('parse_drop'), packets }).work.helpers
    expect(lookup?.map?.hotElements).toBe(3)
  })

  test('who says no, does less', () => {
    const other = FRAME.with(12, 0x86).with(13, 0xdd)
    const long = measureWork({ object: published('flow_firewall'), packets: [FRAME] }).work
    const short = measureWork({ object: published('flow_firewall'), packets: [other] }).work
    expect(short.helpers).toEqual([])
    expect(short.bpfInsns).toBeLessThan(long.bpfInsns / 2)
  })

  test('a warm-up is not counted, and leaves what it entered', () => {
    const request = { object: published('flow_firewall'), packets: [FRAME] }
    const helpersOf = (warmUp: readonly Uint8Array[]): number[] =>
      measureWork({ ...request, warmUp }).work.helpers.map(({ helper }) => helper)
    expect(helpersOf([])).toEqual([LOOKUP, 2, REDIRECT_MAP])
    expect(helpersOf([FRAME])).toEqual([LOOKUP, REDIRECT_MAP])
  })

  test('a checksum tells the bytes that it sums', () => {
    const { work } = measureWork({ object: published('checksums'), program: 'checksums10', packets: [FRAME] })
    expect(work.helpers.find(({ helper }) => helper === 28)).toMatchObject({ calls: 10, bytes: 20 })
  })
})

/** A run's report has no packets to look at: it estimates from its counters. */
test('a run estimates the same work from its counters, within a quarter', async () => {
  const bench = await Testbench.create({ engine: 'interpreter' })
  try {
    const nic = bench.addNic('eno1', { profile: 'mlx5', txSink: 'discard', stackSink: 'discard' })
    const objects = await bench.load(published('parse_drop'))
    await nic.attachXdp(objects.program(), { mode: 'native' })
    const { modelled } = await nic.receive(pktgen('count=500,dst=192.0.2.1,dport=80'))
    const exact = measureWork({ object: published('parse_drop'), packets: [FRAME] }).work
    const source = modelled?.breakdown?.find(({ component }) => component === 'program')?.source ?? ''
    const estimated = Number.parseFloat(source)
    expect(source).toContain('of BPF counted by the run')
    expect(estimated / exact.x86Insns).toBeGreaterThan(0.75)
    expect(estimated / exact.x86Insns).toBeLessThan(1.25)
    expect(modelled?.breakdown?.map(({ component }) => component)).toContain('helpers')
  } finally {
    await bench.close()
  }
})

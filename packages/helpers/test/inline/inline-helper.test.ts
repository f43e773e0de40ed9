import { allocateCpu, CPU_BLOCK, type Cpu, compileProgram, type HelperTable } from '@bpfoundry/engine'
import { GuestMemory, writeU64 } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import { BPF_CALL_REL, BPF_DW, BPF_EXIT_INSN, BPF_LDX_MEM, BPF_MOV64_REG, type Insn } from '@bpfoundry/isa'
import { helperByName, MAP_TYPE, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { type BpfMap, createMap } from '@bpfoundry/maps'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHelperTable, inlineHelper, inlinesByMap, seedRandom } from '../../src/index.ts'

const numberOf = (name: string): number => helperByName(name)?.id as number
/** Loads r1..r3 from where r1 points, and calls what follows. */
const CALLER: readonly Insn[] = [
  BPF_MOV64_REG(5, 1),
  ...[1, 2, 3].map((register) => BPF_LDX_MEM(BPF_DW, register, 5, 8 * (register - 1))),
  BPF_CALL_REL(1),
  BPF_EXIT_INSN(),
]
const PAGE_BYTES = 4096

/** A machine that calls one helper, inlined or as it is. Two of them have everything at the same addresses. */
class Machine {
  readonly memory: GuestMemory = GuestMemory.create()
  readonly cpu: Cpu
  readonly map: BpfMap
  readonly ctx: number
  readonly page: number
  readonly #arguments: number
  readonly #table: HelperTable

  constructor(type: number = MAP_TYPE.DEVMAP) {
    allocateCpu(this.memory, 0)
    this.cpu = allocateCpu(this.memory, 1)
    this.page = this.memory.allocate('page', 'packet', PAGE_BYTES, PAGE_BYTES).address
    this.ctx = this.memory.allocate('ctx', 'ctx', 64).address
    this.#arguments = this.memory.allocate('arguments', 'scratch', 64).address
    const attributes = { name: 'd', type, keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 4, flags: 0 }
    this.map = createMap(this.memory, attributes, { id: 1, cpus: 2 })
    for (const [index, ifindex] of [3, 0, 5].entries()) {
      this.map.updateElement(Uint8Array.of(index, 0, 0, 0), Uint8Array.of(ifindex, 0, 0, 0))
    }
    this.#table = createHelperTable({ memory: this.memory, mapAt: () => this.map })
    this.memory.u8.set(
      Uint8Array.from({ length: PAGE_BYTES }, (_, n) => n * 7 + (n >> 8)),
      this.page,
    )
  }

  /** A frame: offsets in the page. */
  setFrame(meta: number, data: number, end: number): void {
    const fields = [
      [XDP_BUFF.data, this.page + data],
      [XDP_BUFF.dataEnd, this.page + end],
      [XDP_BUFF.dataMeta, this.page + meta],
      [XDP_BUFF.dataHardStart, this.page],
    ] as const
    for (const [offset, value] of fields) writeU64(this.memory, this.ctx + offset, value)
    this.memory.u32[(this.ctx + XDP_BUFF.frameSize) >>> 2] = PAGE_BYTES
  }

  setNow(ns: number): void {
    writeU64(this.memory, this.cpu.block + CPU_BLOCK.fields.nowNs.offsetBytes, ns)
  }

  callHelper(helper: number, ...values: readonly bigint[]): bigint {
    for (const [n, value] of values.entries()) this.memory.view.setBigUint64(this.cpu.block + 8 * (n + 1), value, true)
    this.#table[helper]?.(this.cpu)
    return this.memory.view.getBigInt64(this.cpu.block, true)
  }

  callInlined(helper: number, ...values: readonly bigint[]): bigint {
    const body = inlineHelper(helper, inlinesByMap(helper) ? this.map : undefined) ?? []
    const insns = [...CALLER, ...body]
    const environment = { memory: this.memory, helpers: [], tailCallTarget: () => undefined }
    const image = { id: 1, name: 'i', tag: '0', type: 6, expectedAttachType: 0, insns, gplCompatible: true }
    const rest = { subprograms: [], mapReferences: [], lines: [] }
    for (const [n, value] of values.entries()) this.memory.view.setBigUint64(this.#arguments + 8 * n, value, true)
    compileProgram(createInterpreter(), { ...image, ...rest }, environment).run(this.cpu, this.#arguments)
    return this.memory.view.getBigInt64(this.cpu.block, true)
  }

  /** What helpers may have changed: packet, context, and the CPU block behind registers and counters. */
  bytes(): Buffer {
    const { nowNs, redirectMap } = CPU_BLOCK.fields
    const block = this.cpu.block
    const time = this.memory.read(block + nowNs.offsetBytes, 8)
    const rest = this.memory.read(
      block + redirectMap.offsetBytes,
      CPU_BLOCK.fields.stackTop.offsetBytes - redirectMap.offsetBytes,
    )
    return Buffer.concat([this.memory.read(this.page, PAGE_BYTES), this.memory.read(this.ctx, 64), time, rest])
  }
}

/** Both machines after the same preparation: same answer, same bytes. */
function compare(name: string, prepare: (machine: Machine) => readonly bigint[], type?: number): void {
  const [called, inlined] = [new Machine(type), new Machine(type)]
  const expected = called.callHelper(numberOf(name), ...prepare(called))
  expect(inlined.callInlined(numberOf(name), ...prepare(inlined)), name).toBe(expected)
  expect(Buffer.compare(inlined.bytes(), called.bytes()), `${name}: bytes`).toBe(0)
}

/** Registers hold 64 bits, of which an int argument is the lower half. */
const delta = fc.tuple(
  fc.oneof({ arbitrary: fc.integer({ min: -300, max: 300 }), weight: 4 }, fc.integer()),
  fc.constantFrom(0n, 0xffff_ffffn, 7n),
)
const frame = fc
  .record({
    data: fc.integer({ min: 40, max: 600 }),
    meta: fc.oneof(fc.constantFrom(-1, 0), fc.integer({ min: 0, max: 66 })),
    length: fc.integer({ min: 14, max: 3400 }),
  })
  .map(({ data, meta, length }) => ({ data, meta: data - 4 * Math.min(meta, data >> 2), end: data + length }))

describe('an inlined helper does what the helper does', () => {
  it.each(['xdp_adjust_head', 'xdp_adjust_tail', 'xdp_adjust_meta', 'xdp_get_buff_len'])('bpf_%s', (name) => {
    fc.assert(
      fc.property(frame, delta, ({ data, meta, end }, [low, high]) => {
        compare(name, (machine) => {
          // Past data by one, data_meta says that the driver has none.
          machine.setFrame(meta > data ? data + 1 : meta, data, end)
          return [BigInt(machine.ctx), (high << 32n) | BigInt.asUintN(32, BigInt(low))]
        })
      }),
      { numRuns: 60 },
    )
  })

  it.each(['ktime_get_ns', 'ktime_get_boot_ns', 'ktime_get_tai_ns', 'ktime_get_coarse_ns', 'jiffies64'])(
    'bpf_%s',
    (name) => {
      for (const now of [0, 1, 3_999_999, 4_000_000, 2 ** 32 - 1, 2 ** 32, 123_456_789_012_345, 2 ** 53 - 1]) {
        compare(name, (machine) => {
          machine.setNow(now)
          return []
        })
      }
    },
  )

  it('bpf_get_prandom_u32, number after number', () => {
    const [called, inlined] = [new Machine(), new Machine()]
    for (const machine of [called, inlined]) seedRandom(machine.cpu, 42)
    const helper = numberOf('get_prandom_u32')
    for (let n = 0; n < 20; n++) expect(inlined.callInlined(helper)).toBe(called.callHelper(helper))
  })

  it.each(['get_smp_processor_id', 'get_numa_node_id'])('bpf_%s', (name) => compare(name, () => []))

  it('bpf_redirect', () => {
    for (const flags of [0n, 1n, 8n, 2n ** 32n, 2n ** 64n - 1n]) {
      for (const ifindex of [0n, 7n, 0xffff_ffffn, 2n ** 32n + 3n]) compare('redirect', () => [ifindex, flags])
    }
  })

  it.each([
    ['devmap', MAP_TYPE.DEVMAP],
    ['cpumap', MAP_TYPE.CPUMAP],
    ['xskmap', MAP_TYPE.XSKMAP],
  ])('bpf_redirect_map on a %s', (_name, type) => {
    const flags = [...Array.from({ length: 29 }, (_, n) => BigInt(n)), 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]
    for (const index of [0n, 1n, 3n, 4n, 2n ** 32n + 2n]) {
      for (const flag of flags) compare('redirect_map', (machine) => [BigInt(machine.map.address), index, flag], type)
    }
  })
})

import { CPU_BLOCK, type ExecutionFault, type FaultCode, FRAME_BYTES } from '@bpfoundry/engine'
import { NULL_PAGE_BYTES, type RegionKind } from '@bpfoundry/guest-memory'
import {
  BPF_B,
  BPF_DW,
  BPF_EXIT_INSN,
  BPF_H,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_LDX_MEMSX,
  BPF_MOV64_IMM,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { PROG_TYPE, XDP_BUFF } from '@bpfoundry/kernel-abi'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createHarness, type Harness } from './harness.ts'

const SIZES = [
  ['B', BPF_B, 8],
  ['H', BPF_H, 16],
  ['W', BPF_W, 32],
  ['DW', BPF_DW, 64],
] as const

/** What a run faults with; undefined when it ends by a result. */
function faultOf(run: () => unknown): ExecutionFault | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    return error as ExecutionFault
  }
}

/** The fault of a store to or a load from `address`. */
function touch(harness: Harness, address: bigint | number, write: boolean, size: number = BPF_DW): string | undefined {
  const access = write ? BPF_ST_MEM(size, 1, 0, 0) : BPF_LDX_MEM(size, 0, 1, 0)
  return faultOf(() => harness.run([...BPF_LD_IMM64(1, address), access, BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()]))?.code
}

describe('loads and stores', () => {
  const harness = createHarness()
  const base = harness.memory.allocate('buffer', 'scratch', 64).address
  const bytes = (): DataView => new DataView(harness.memory.read(base, 64).buffer)

  it.each(SIZES)('LDX %s zero-extends and LDX MEMSX sign-extends, at any alignment', (_, size, bits) => {
    const content = fc.uint8Array({ minLength: 64, maxLength: 64 })
    fc.assert(
      fc.property(content, fc.nat({ max: 56 }), (data, off) => {
        harness.memory.write(base, data)
        const wide = bytes().getBigUint64(off, true)
        const load = (insn: Insn): bigint => harness.run([insn, BPF_EXIT_INSN()], base)
        expect(load(BPF_LDX_MEM(size, 0, 1, off))).toBe(BigInt.asUintN(bits, wide))
        if (size === BPF_DW) return
        expect(load(BPF_LDX_MEMSX(size, 0, 1, off))).toBe(BigInt.asUintN(64, BigInt.asIntN(bits, wide)))
      }),
      { numRuns: 50 },
    )
  })

  it.each(SIZES)('ST and STX %s write their bytes and no others', (_, size, bits) => {
    const value = fc.bigInt(0n, (1n << 64n) - 1n)
    const imm = fc.integer({ min: -0x80000000, max: 0x7fffffff })
    fc.assert(
      fc.property(value, imm, fc.nat({ max: 56 }), (x, k, off) => {
        const written = (store: Insn): Uint8Array => {
          harness.memory.u8.fill(0xaa, base, base + 64)
          harness.run([...BPF_LD_IMM64(2, x), store, BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()], base)
          return harness.memory.read(base, 64)
        }
        const expected = (y: bigint): Uint8Array => {
          const whole = new Uint8Array(64).fill(0xaa)
          for (let at = 0; at < bits / 8; at++) whole[off + at] = Number((y >> BigInt(8 * at)) & 0xffn)
          return whole
        }
        expect(written(BPF_STX_MEM(size, 1, 2, off))).toEqual(expected(x))
        expect(written(BPF_ST_MEM(size, 1, off, k))).toEqual(expected(BigInt.asUintN(64, BigInt(k))))
      }),
      { numRuns: 50 },
    )
  })
})

describe('bounds', () => {
  const harness = createHarness()
  const end = harness.memory.byteLength

  // biome-ignore format: table
  const cases: readonly (readonly [string, bigint, FaultCode | undefined])[] = [
    ['NULL',                                 0n,                      'FAULT_NULL_POINTER'],
    ['the end of the NULL page',             0xfff8n,                 'FAULT_NULL_POINTER'],
    ['across the end of the NULL page',      0xfffcn,                 'FAULT_NULL_POINTER'],
    ['the first byte above the NULL page',   0x10000n,                undefined],
    ['the last 8 bytes',                     BigInt(end - 8),         undefined],
    ['across the end of memory',             BigInt(end - 7),         'FAULT_OUT_OF_BOUNDS'],
    ['the end of memory',                    BigInt(end),             'FAULT_OUT_OF_BOUNDS'],
    ['2 GiB',                                1n << 31n,               'FAULT_OUT_OF_BOUNDS'],
    ['the end of 4 GiB',                     0xfffffff8n,             'FAULT_OUT_OF_BOUNDS'],
    ['an address with high bits',            (1n << 32n) + 0x10000n,  'FAULT_OUT_OF_BOUNDS'],
    ['a kernel address',                     0xffff888000010000n,     'FAULT_OUT_OF_BOUNDS'],
    ['the last byte of 2^64',                0xffffffffffffffffn,     'FAULT_OUT_OF_BOUNDS'],
  ]
  it.each(cases)('%s', (_, address, fault) => {
    expect(touch(harness, address, false)).toBe(fault)
    expect(touch(harness, address, true)).toBe(fault)
  })

  it('an offset may not lead out of the first 4 GiB and back', () => {
    const at = (base: bigint, off: number): string | undefined =>
      faultOf(() => harness.run([...BPF_LD_IMM64(1, base), BPF_LDX_MEM(BPF_B, 0, 1, off), BPF_EXIT_INSN()]))?.code
    expect(at(0x10010n, -0x10)).toBe(undefined)
    expect(at(0x10010n, -0x11)).toBe('FAULT_NULL_POINTER')
    expect(at((1n << 32n) - 8n, 0x7fff)).toBe('FAULT_OUT_OF_BOUNDS')
    expect(at(8n, -9)).toBe('FAULT_OUT_OF_BOUNDS')
    expect(at((1n << 32n) + 8n, -0x7fff)).toBe('FAULT_OUT_OF_BOUNDS')
  })

  it('memory that grew after compiling is in bounds', () => {
    const program = harness.compile([BPF_LDX_MEM(BPF_W, 0, 1, 0), BPF_EXIT_INSN()])
    program.run(harness.cpu, NULL_PAGE_BYTES)
    const grown = harness.memory.allocate('grown', 'scratch', 2 ** 20)
    harness.memory.u32[(grown.address + grown.sizeBytes - 4) >>> 2] = 77
    expect(program.run(harness.cpu, grown.address + grown.sizeBytes - 4)).toBe(77)
  })

  it('a fault tells program, slot and source line', () => {
    const insns = [BPF_MOV64_IMM(1, 0), BPF_LDX_MEM(BPF_DW, 0, 1, 16), BPF_EXIT_INSN()]
    const fault = faultOf(() => harness.run(insns))
    expect(String(fault)).toBe('FAULT_NULL_POINTER: load of 8 bytes in the NULL page (program test, insn 1)')
    expect(fault?.got).toBe('0x10')
  })
})

describe('regions', () => {
  const harness = createHarness({ access: 'regions' })
  const { memory, cpu } = harness

  // biome-ignore format: table
  const kinds: readonly (readonly [RegionKind, FaultCode | undefined, FaultCode | undefined])[] = [
    // kind     load                   store
    ['ctx',     undefined,             undefined],
    ['map',     undefined,             undefined],
    ['scratch', undefined,             undefined],
    ['rodata',  undefined,             'FAULT_READ_ONLY'],
    ['cpu',     'FAULT_OUT_OF_BOUNDS', 'FAULT_OUT_OF_BOUNDS'],
    ['ring',    'FAULT_OUT_OF_BOUNDS', 'FAULT_OUT_OF_BOUNDS'],
    ['stack',   'FAULT_OUT_OF_BOUNDS', 'FAULT_OUT_OF_BOUNDS'], // of another CPU
  ]
  it.each(kinds)('%s', (kind, load, store) => {
    const { address } = memory.allocate(kind, kind, 64)
    expect(touch(harness, address, false)).toBe(load)
    expect(touch(harness, address, true)).toBe(store)
    expect(touch(harness, address + 56, false)).toBe(load)
    expect(touch(harness, address + 57, false)).toBe('FAULT_OUT_OF_BOUNDS')
  })

  it('free memory is out of bounds', () => {
    const region = memory.allocate('freed', 'scratch', 64)
    memory.free(region)
    expect(touch(harness, region.address, false)).toBe('FAULT_OUT_OF_BOUNDS')
  })

  it('of the stack only the frames in use', () => {
    expect(touch(harness, cpu.stackTop - FRAME_BYTES, true)).toBe(undefined)
    expect(touch(harness, cpu.stackTop - 8, true)).toBe(undefined)
    expect(touch(harness, cpu.stackTop - FRAME_BYTES - 8, true)).toBe('FAULT_OUT_OF_BOUNDS')
    expect(touch(harness, cpu.stackTop - 4, true)).toBe('FAULT_OUT_OF_BOUNDS')
  })

  it("of this CPU's block what stands in the place of calls: its number, the time, what is thrown", () => {
    const { cpuId, nowNs, executedInsns, thrown, thrownValue } = CPU_BLOCK.fields
    const at = (
      { offsetBytes }: { readonly offsetBytes: number },
      size: number,
      write: boolean,
    ): string | undefined => {
      const access = write ? BPF_ST_MEM(size, 2, 0, 0) : BPF_LDX_MEM(size, 0, 2, 0)
      const insns = [...BPF_LD_IMM64(2, cpu.block + offsetBytes), access, BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()]
      return faultOf(() => harness.run(insns))?.code
    }
    expect([at(cpuId, BPF_W, false), at(nowNs, BPF_DW, false)]).toEqual([undefined, undefined])
    expect([at(thrown, BPF_W, false), at(thrownValue, BPF_DW, true)]).toEqual([undefined, undefined])
    for (const [field, size, write] of [
      [cpuId, BPF_W, true],
      [cpuId, BPF_DW, false],
      [nowNs, BPF_DW, true],
      [executedInsns, BPF_DW, false],
    ] as const) {
      expect(at(field, size, write)).toBe('FAULT_OUT_OF_BOUNDS')
    }
  })

  it('of an XDP packet what lies between data_meta and data_end', () => {
    const packet = memory.allocate('packet', 'packet', 4096).address
    const ctx = memory.allocate('xdp_buff', 'ctx', XDP_BUFF.sizeBytes).address
    const field = (offset: number, value: number): number => (memory.u32[(ctx + offset) >>> 2] = value)
    field(XDP_BUFF.dataMeta, packet + 248)
    field(XDP_BUFF.data, packet + 256)
    field(XDP_BUFF.dataEnd, packet + 320)
    const at = (address: number, type: number): string | undefined => {
      const insns = [...BPF_LD_IMM64(2, address), BPF_LDX_MEM(BPF_B, 0, 2, 0), BPF_EXIT_INSN()]
      return faultOf(() => harness.compile(insns, type).run(cpu, ctx))?.code
    }
    expect(at(packet + 247, PROG_TYPE.XDP)).toBe('FAULT_OUT_OF_BOUNDS')
    expect(at(packet + 248, PROG_TYPE.XDP)).toBe(undefined)
    expect(at(packet + 319, PROG_TYPE.XDP)).toBe(undefined)
    expect(at(packet + 320, PROG_TYPE.XDP)).toBe('FAULT_OUT_OF_BOUNDS')
    // data_meta past data says that the driver has no metadata.
    field(XDP_BUFF.dataMeta, packet + 257)
    expect(at(packet + 256, PROG_TYPE.XDP)).toBe(undefined)
    expect(at(packet + 255, PROG_TYPE.XDP)).toBe('FAULT_OUT_OF_BOUNDS')
    expect(at(packet + 1, PROG_TYPE.SOCKET_FILTER)).toBe(undefined)
  })
})

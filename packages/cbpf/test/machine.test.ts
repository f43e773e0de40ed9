import { describe, expect, test } from 'vitest'
import {
  BPF_JUMP,
  BPF_STMT,
  CbpfError,
  type ClassicInsn,
  ClassicMachine,
  frameBuffer,
  type SocketBuffer,
} from '../src/index.ts'

const FRAME = Uint8Array.from({ length: 64 }, (_, index) => index)
const buffer = (fields: Partial<SocketBuffer> = {}): SocketBuffer => frameBuffer(FRAME, fields)
const run = (insns: readonly ClassicInsn[], skb: SocketBuffer = buffer()): number =>
  new ClassicMachine(insns).run(skb).result

const RET_A = BPF_STMT(0x16, 0)
const LD_W = (k: number): ClassicInsn => BPF_STMT(0x20, k)
const LD_H = (k: number): ClassicInsn => BPF_STMT(0x28, k)
const LD_IMM = (k: number): ClassicInsn => BPF_STMT(0x00, k)
const LDX_IMM = (k: number): ClassicInsn => BPF_STMT(0x01, k)

type PacketCase = readonly [what: string, insns: readonly ClassicInsn[], result: number, fields: Partial<SocketBuffer>]
const PLAIN = {}
const NO_LINK_LAYER = { macOffset: undefined } as unknown as Partial<SocketBuffer>

describe('packet loads', () => {
  // biome-ignore format: table
  const cases: readonly PacketCase[] = [
    ['are big-endian',                                      [LD_W(4), RET_A],                                0x04050607, PLAIN],
    ['reach the last byte',                                 [LD_H(62), RET_A],                               0x3e3f, PLAIN],
    ['return 0 past it',                                    [LD_H(63), RET_A],                               0, PLAIN],
    ['return 0 at the largest offset',                      [LD_W(0x7fffffff), RET_A],                       0, PLAIN],
    ['add X',                                               [LDX_IMM(10), BPF_STMT(0x50, 5), RET_A],         15, PLAIN],
    ['add X in 32 bits',                                    [LDX_IMM(-5), BPF_STMT(0x50, 15), RET_A],        10, PLAIN],
    ['are relative to the network header',                  [LD_H(-0x100000 + 1), RET_A],                    0x0f10, PLAIN],
    ['are relative to the link layer',                      [LD_H(-0x200000 + 1), RET_A],                    0x0102, PLAIN],
    ['return 0 without a link layer',                       [LD_H(-0x200000 + 1), RET_A],                    0, NO_LINK_LAYER],
    ['reach into the headroom',                             [LD_H(-0x200000 + 12), RET_A],                   0x0c0d, { headroomBytes: 14, macOffset: -14, networkOffset: 0 }],
    ['return 0 before the headroom',                        [LD_H(-0x200000), RET_A],                        0, { headroomBytes: 4, macOffset: -14 }],
    ['begin at the network header',                         [LD_H(-0x100000), RET_A],                        0x0e0f, PLAIN],
    ['begin at the link layer',                             [LD_H(-0x200000), RET_A],                        0x0001, PLAIN],
    ['are of the link layer right before',                  [LD_H(-0x100001), RET_A],                        0, PLAIN],
    ['return 0 below all offsets',                          [LD_W(-0x200001), RET_A],                        0, PLAIN],
    ['cross into a fragment',                               [LD_W(62), RET_A],                               0x3e3faabb, { fragments: [Uint8Array.of(0xaa, 0xbb)] }],
    ['cross several fragments',                             [LD_W(63), RET_A],                               0x3faabbcc, { fragments: [Uint8Array.of(0xaa), Uint8Array.of(), Uint8Array.of(0xbb, 0xcc)] }],
    ['return 0 past the fragments',                         [LD_W(64), RET_A],                               0, { fragments: [Uint8Array.of(0xaa, 0xbb, 0xcc)] }],
    ['give an IP header length to X, and leave A',          [LD_IMM(9), BPF_STMT(0xb1, 21), BPF_STMT(0x0c, 0), RET_A], 9 + 4 * (21 & 0xf), PLAIN],
    ['give the packet\'s length, fragments too',            [BPF_STMT(0x80, 0), RET_A],                      66, { fragments: [Uint8Array.of(1, 2)] }],
    ['give the packet\'s length to X',                      [BPF_STMT(0x81, 0), BPF_STMT(0x87, 0), RET_A],   50, { headroomBytes: 14 }],
  ]
  test.each(cases)('%s', (_, insns, result, fields) => {
    expect(run(insns, buffer(fields))).toBe(result)
  })
})

describe('arithmetic', () => {
  // biome-ignore format: table
  const cases: readonly (readonly [what: string, a: number, x: number, code: number, result: number])[] = [
    ['add wraps',                0xffffffff, 2,          0x0c, 1],
    ['sub wraps',                1,          2,          0x1c, 0xffffffff],
    ['mul keeps the low half',   0xffffffff, 0xffffffff, 0x2c, 1],
    ['div is unsigned',          0x80000000, 3,          0x3c, 0x2aaaaaaa],
    ['mod is unsigned',          0xfffffffe, 7,          0x9c, 0xfffffffe % 7],
    ['div by 0 returns 0',       77,         0,          0x3c, 0],
    ['mod by 0 returns 0',       77,         0,          0x9c, 0],
    ['xor',                      0xff00ff00, 0xffffffff, 0xac, 0x00ff00ff],
    ['shifts take 5 bits',       1,          33,         0x6c, 2],
    ['rsh is logical',           0x80000000, 31,         0x7c, 1],
    ['neg',                      1,          0,          0x84, 0xffffffff],
  ]
  test.each(cases)('%s', (_, a, x, code, result) => {
    expect(run([LD_IMM(a), LDX_IMM(x), BPF_STMT(code, 0), RET_A])).toBe(result)
  })
})

test('M[] has sixteen cells of its own, for A and X', () => {
  const cells = Array.from({ length: 16 }, (_, cell) => cell)
  const stores = cells.flatMap((cell) => [LD_IMM(2 ** cell), BPF_STMT(0x02, cell)])
  const sum = cells.flatMap((cell) => [BPF_STMT(0x61, cell), BPF_STMT(0x0c, 0)])
  expect(run([...stores, LD_IMM(0), ...sum, RET_A])).toBe(0xffff)
  expect(run([LDX_IMM(5), BPF_STMT(0x03, 7), BPF_STMT(0x60, 7), RET_A])).toBe(5)
})

describe('comparisons are unsigned', () => {
  // biome-ignore format: table
  const cases: readonly (readonly [what: string, code: number, a: number, k: number, holds: boolean])[] = [
    ['jgt',            0x25, 0x80000000, 1,          true],
    ['jge',            0x35, 1,          0x80000000, false],
    ['jeq',            0x15, 0xffffffff, 0xffffffff, true],
    ['jset, highest',  0x45, 0x80000000, 0xf0000000, true],
    ['jset, none',     0x45, 0x0f,       0xf0,       false],
  ]
  test.each(cases)('%s', (_, code, a, k, holds) => {
    const ends = [BPF_STMT(0x06, 1), BPF_STMT(0x06, 2)]
    expect(run([LD_IMM(a), BPF_JUMP(code, k, 0, 1), ...ends])).toBe(holds ? 1 : 2)
    expect(run([LD_IMM(a), LDX_IMM(k), BPF_JUMP(code | 8, 0, 0, 1), ...ends])).toBe(holds ? 1 : 2)
  })
})

describe('ancillary data', () => {
  const skb = buffer({
    packetType: 3,
    mark: 0xdeadbeef,
    hash: 0x1234aaab,
    queueMapping: 123,
    vlanTag: 0x0064,
    vlanProtocol: 0x88a8,
    protocol: 0x86dd,
    device: { ifindex: 577, type: 588 },
  })
  // biome-ignore format: table
  const cases: readonly (readonly [offset: number, result: number])[] = [
    [0, 0x86dd], [4, 3], [8, 577], [20, 0xdeadbeef], [24, 123], [28, 588], [32, 0x1234aaab], [36, 5], [44, 0x64], [48, 1],
    [56, 0xfeedface], [60, 0x88a8],
  ]
  test.each(cases)('at %i', (offset, result) => {
    const host = { cpu: 5, random: () => 0xfeedface }
    for (const code of [0x20, 0x28, 0x30]) {
      expect(new ClassicMachine([BPF_STMT(code, -0x1000 + offset), RET_A]).run(skb, host).result).toBe(result)
    }
  })

  test('alu_xor_x computes', () => {
    expect(run([LD_IMM(0xff), LDX_IMM(0x0f), LD_W(-0x1000 + 40), RET_A])).toBe(0xf0)
  })

  test('without a device the program ends with A; without a tag there is none', () => {
    expect(run([LD_IMM(7), LD_W(-0x1000 + 8), BPF_STMT(0x06, 1)])).toBe(7)
    expect(run([LD_IMM(7), LD_W(-0x1000 + 48), RET_A])).toBe(0)
  })

  test('netlink attributes are found by type, in a list and nested', () => {
    // length 4 type 1 | length 12 type 2 { length 8 type 3, payload } , flags of the type left out
    const head = Uint8Array.of(4, 0, 1, 0, 12, 0, 2, 0x80, 8, 0, 3, 0, 1, 2, 3, 4)
    const attributes = frameBuffer(head)
    const find = (offset: number, start: number, type: number, of: SocketBuffer = attributes): number =>
      run([LD_IMM(start), LDX_IMM(type), LD_W(-0x1000 + offset), RET_A], of)
    expect([find(12, 0, 1), find(12, 0, 2), find(12, 0, 3)]).toEqual([0, 4, 0])
    expect([find(16, 4, 3), find(16, 4, 4), find(16, 0, 3)]).toEqual([8, 0, 0])
    expect([find(12, 13, 1), find(12, 0xffffffff, 1), find(16, 14, 3)]).toEqual([0, 0, 0])
    expect(find(12, 0, 3, frameBuffer(Uint8Array.of(4, 0, 1, 0, 4, 0, 3, 0)))).toBe(4)
    expect(find(12, 4, 3, frameBuffer(Uint8Array.of(4, 0, 1, 0, 4, 0, 3, 0)))).toBe(4)
    expect(find(12, 0, 2, { ...attributes, fragments: [Uint8Array.of(1)] })).toBe(0)
  })
})

describe('a run', () => {
  test('counts what it executes, and can be stepped', () => {
    const machine = new ClassicMachine([LD_IMM(3), BPF_JUMP(0x15, 3, 1, 0), LD_IMM(4), BPF_STMT(0x02, 2), RET_A])
    expect(machine.run(buffer())).toEqual({ result: 3, executed: 4 })
    const state = machine.start(buffer())
    const places: number[] = []
    while (state.result === undefined) {
      places.push(state.pc)
      machine.step(state)
    }
    machine.step(state)
    expect(places).toEqual([0, 1, 3, 4])
    expect([state.a, state.cells[2], state.executed]).toEqual([3, 3, 4])
  })

  test('needs a program that the checker accepts', () => {
    expect(() => new ClassicMachine([LD_IMM(1)])).toThrow(CbpfError)
    expect(() => new ClassicMachine([LD_IMM(1)])).toThrow(
      expect.objectContaining({ code: 'CBPF_REFUSED', where: { pc: 0 } }),
    )
  })
})

import { decodeInsns, disassembleKernel, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { fixUp, type VerifierMap, type VerifierProgram, verify } from '../../src/index.ts'

const ARRAY: VerifierMap = {
  id: 7,
  name: 'counters',
  type: MAP_TYPE.ARRAY,
  keySizeBytes: 4,
  valueSizeBytes: 8,
  maxEntries: 1,
  flags: 0,
}

function xdp(insns: readonly Insn[], more: Partial<VerifierProgram> = {}): VerifierProgram {
  const maps = new Map([[3, ARRAY]])
  return { name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, insns, gplCompatible: true, maps, ...more }
}

function fixed(program: VerifierProgram): ReturnType<typeof fixUp> {
  const result = verify(program)
  if (!result.ok) throw new Error(result.rejection.message)
  return fixUp(result.verified, { mapAddress: (fd) => 0x1000 * fd, mapValueAddress: (fd) => 0x2000 * fd })
}

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm })

function listing(insns: readonly Insn[]): string[] {
  return disassembleKernel(insns)
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\s*\d+: /, '').trim())
}

describe('fix-ups', () => {
  it('sends context loads to struct xdp_buff', () => {
    const { insns } = fixed(
      xdp(
        decodeInsns(
          Uint8Array.from(Buffer.from('61120000000000006113040000000000b7000000020000009500000000000000', 'hex')),
        ),
      ),
    )
    expect(listing(insns)).toEqual([
      '(79) r2 = *(u64 *)(r1 +0)',
      '(79) r3 = *(u64 *)(r1 +8)',
      '(b7) r0 = 2',
      '(95) exit',
    ])
  })
  it('follows pointers to the queue and the device, and links jumps across the longer code', () => {
    const program = [
      insn(0x61, 2, 1, 12),
      insn(0x61, 3, 1, 16),
      insn(0xb7, 0, 0, 0, 1),
      insn(0x1d, 2, 3, 2),
      insn(0x61, 0, 1, 12),
      insn(0x05, 0, 0, 0),
      insn(0x95),
    ]
    const { insns } = fixed(xdp(program))
    expect(listing(insns)).toEqual([
      '(79) r2 = *(u64 *)(r1 +32)',
      '(79) r2 = *(u64 *)(r2 +0)',
      '(61) r2 = *(u32 *)(r2 +0)',
      '(79) r3 = *(u64 *)(r1 +32)',
      '(61) r3 = *(u32 *)(r3 +8)',
      '(b7) r0 = 1',
      '(1d) if r2 == r3 goto pc+3',
      '(79) r0 = *(u64 *)(r1 +32)',
      '(79) r0 = *(u64 *)(r0 +0)',
      '(61) r0 = *(u32 *)(r0 +0)',
      '(95) exit',
    ])
  })
  it('drops what no path reached and decides branches with one way', () => {
    const lineInfo = [0, 1, 2, 3].map((pc) => ({ pc, file: 'a.c', text: `line ${pc}`, line: pc + 1, column: 1 }))
    const { insns, lineInfo: lines } = fixed(
      xdp([insn(0xb7, 0, 0, 0, 1), insn(0x15, 0, 0, 1, 1), insn(0xb7, 0, 0, 0, 2), insn(0x95)], { lineInfo }),
    )
    expect(listing(insns)).toEqual(['(b7) r0 = 1', '(95) exit'])
    expect(lines.map(({ pc, line }) => [pc, line])).toEqual([
      [0, 1],
      [1, 4],
    ])
  })
  it('resolves maps and map values to guest addresses, and tells where', () => {
    const program = [
      insn(0x18, 1, 1, 0, 3),
      insn(0),
      insn(0x18, 2, 2, 0, 3),
      insn(0, 0, 0, 0, 4),
      insn(0x61, 0, 2, 0),
      insn(0x95),
    ]
    const { insns, mapReferences } = fixed(xdp(program))
    expect(insns.slice(0, 4).map(({ src, imm }) => [src, imm])).toEqual([
      [0, 0x3000],
      [0, 0],
      [0, 0x6004],
      [0, 0],
    ])
    expect(mapReferences).toEqual([
      { pc: 0, mapFd: 3, mapId: 7 },
      { pc: 2, mapFd: 3, mapId: 7, valueOffsetBytes: 4 },
    ])
  })
  it('keeps calls relative and drops functions that are never called', () => {
    const program = [insn(0x61, 1, 1, 12), insn(0x85, 0, 1, 0, 1), insn(0x95), insn(0xbf, 0, 1), insn(0x95)]
    const { insns, subprograms } = fixed(xdp(program))
    expect(listing(insns)[3]).toBe('(85) call pc+1')
    expect(subprograms.map(({ start, end }) => [start, end])).toEqual([
      [0, 5],
      [5, 7],
    ])
  })
})

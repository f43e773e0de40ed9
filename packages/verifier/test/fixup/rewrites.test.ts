/** Instructions that the fix-ups put in, as `__xlated` of Linux 6.12's selftests and its dumps show them. */
import {
  BPF_CALL_REL,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_LD_IMM64_RAW_FULL,
  BPF_LDX_MEM,
  BPF_MOV32_IMM,
  BPF_MOV64_IMM,
  BPF_MOV64_PERCPU_REG,
  BPF_PSEUDO_FUNC,
  BPF_STX_MEM,
  disassembleKernel,
  type Insn,
} from '@bpfoundry/isa'
import { type HelperCapability, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { fixUp, type VerifierMap, verify } from '../../src/index.ts'
import { type CaseFunction, describeFunctions } from '../support/functions.ts'

const DW = 0x18
const W = 0x00
const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm })
const loadFunction = (dst: number, distance: number): readonly Insn[] =>
  BPF_LD_IMM64_RAW_FULL(dst, BPF_PSEUDO_FUNC, 0, 0, distance, 0)

const PROGRAMS: VerifierMap = {
  id: 7,
  name: 'programs',
  type: MAP_TYPE.PROG_ARRAY,
  keySizeBytes: 4,
  valueSizeBytes: 4,
  maxEntries: 5,
  flags: 0,
}

const CPU_NUMBER: readonly Insn[] = [BPF_MOV32_IMM(0, 96), BPF_MOV64_PERCPU_REG(0, 0), BPF_LDX_MEM(W, 0, 0, 0)]

const MAPS = new Map([[3, PROGRAMS]])
const FUNCTIONS: readonly CaseFunction[] = ['main', 'callee'].map((name) => ({ name, linkage: 'static', args: [] }))
const functionsOf = (insns: readonly Insn[]): number =>
  insns.some(({ opcode, src }) => (opcode === 0x18 ? src === BPF_PSEUDO_FUNC : opcode === 0x85 && src === 1)) ? 2 : 1

interface Load {
  readonly type?: number
  readonly capabilities?: readonly HelperCapability[]
}

function rewritten(insns: readonly Insn[], { type = PROG_TYPE.RAW_TRACEPOINT, capabilities }: Load = {}) {
  const kind = { name: 'p', type, expectedAttachType: 0, gplCompatible: true }
  const program = { ...kind, ...describeFunctions(insns, FUNCTIONS.slice(0, functionsOf(insns))), insns, maps: MAPS }
  const result = verify(program, capabilities === undefined ? {} : { capabilities })
  if (!result.ok) throw new Error(result.rejection.message)
  const fixed = fixUp(result.verified, {
    mapAddress: (fd) => 0x1000 * fd,
    mapValueAddress: () => 0,
    inlinedHelper: (helper) => (helper === 8 ? CPU_NUMBER : undefined),
  })
  const lines = disassembleKernel(fixed.insns).trim().split('\n')
  return { ...fixed, lines: lines.map((line) => line.replace(/^\s*\d+: \(..\) /, '').trim()), stats: result.stats }
}

// biome-ignore format: table
const DIVISIONS: readonly (readonly [name: string, division: Insn, expected: readonly string[]])[] = [
  ['r2 /= r3',   insn(0x3f, 2, 3),       ['if r3 != 0x0 goto pc+2', 'w2 ^= w2', 'goto pc+1', 'r2 /= r3']],
  ['w2 /= w3',   insn(0x3c, 2, 3),       ['if w3 != 0x0 goto pc+2', 'w2 ^= w2', 'goto pc+1', 'w2 /= w3']],
  ['r2 %= r3',   insn(0x9f, 2, 3),       ['if r3 == 0x0 goto pc+1', 'r2 %= r3']],
  ['w2 %= w3',   insn(0x9c, 2, 3),       ['if w3 == 0x0 goto pc+2', 'w2 %= w3', 'goto pc+1', 'w2 = w2']],
  ['r2 s/= r3',  insn(0x3f, 2, 3, 1),    ['r11 = r3', 'r11 += 1', 'if r11 > 0x1 goto pc+4', 'if r11 == 0x0 goto pc+1', 'r2 = 0', 'r2 = -r2', 'goto pc+1', 'r2 s/= r3']],
  ['w2 s%= w3',  insn(0x9c, 2, 3, 1),    ['r11 = r3', 'w11 += 1', 'if w11 > 0x1 goto pc+3', 'if w11 == 0x1 goto pc+4', 'w2 = 0', 'goto pc+1', 'w2 s%= w3', 'goto pc+1', 'w2 = w2']],
  ['r2 s/= -1',  insn(0x37, 2, 0, 1, -1), ['r2 = -r2']],
  ['w2 s%= -1',  insn(0x94, 2, 0, 1, -1), ['w2 = 0']],
  ['r2 /= 7',    insn(0x37, 2, 0, 0, 7),  ['r2 /= 7']],
]

describe('divisions', () => {
  it.each(DIVISIONS)('%s', (_name, division, expected) => {
    const { lines } = rewritten([BPF_MOV64_IMM(2, 5), BPF_MOV64_IMM(3, 7), division, BPF_MOV64_IMM(0, 0), insn(0x95)])
    expect(lines.slice(2, -2)).toEqual(expected)
  })
})

describe('calls that keep their registers', () => {
  it('lose the spills around them, and the stack for those', () => {
    const spills = [BPF_STX_MEM(DW, 10, 1, -16), BPF_EMIT_CALL(8), BPF_LDX_MEM(DW, 1, 10, -16)]
    const { lines, stats } = rewritten([BPF_MOV64_IMM(1, 1), ...spills, BPF_EXIT_INSN()])
    const expected = ['r1 = 1', 'w0 = 96', 'r0 = &(void __percpu *)(r0)', 'r0 = *(u32 *)(r0 +0)', 'exit']
    expect(lines).toEqual(expected)
    expect(stats.stackDepthBytes).toEqual([8])
  })

  it('keep them where something else looks at the same stack', () => {
    const spills = [BPF_STX_MEM(DW, 10, 1, -8), BPF_EMIT_CALL(8), BPF_LDX_MEM(DW, 1, 10, -8)]
    const { lines } = rewritten([BPF_MOV64_IMM(1, 1), ...spills, BPF_LDX_MEM(DW, 0, 10, -8), BPF_EXIT_INSN()])
    expect(lines[1]).toBe('*(u64 *)(r10 -8) = r1')
  })
})

/** `if (r3 >= ...)`: an index of 64 bits, of which a tail call takes 32. */
const tailCall: readonly Insn[] = [
  insn(0x18, 2, 1, 0, 3),
  insn(0),
  BPF_MOV64_IMM(3, 2),
  BPF_EMIT_CALL(12),
  BPF_MOV64_IMM(0, 0),
  BPF_EXIT_INSN(),
]

describe('tail calls', () => {
  const type = PROG_TYPE.SOCKET_FILTER

  it('look at the whole index, and mask it, for an untrusted program', () => {
    const { lines, mapCalls } = rewritten(tailCall, { type, capabilities: [] })
    expect(lines.slice(1, -2)).toEqual(['r3 = 2', 'if r3 >= 0x5 goto pc+2', 'w3 &= 7', 'tail_call'])
    expect(mapCalls).toEqual([{ pc: 5, mapId: 7 }])
  })

  it('are one instruction for others', () => {
    expect(rewritten(tailCall, { type }).lines.slice(1, -2)).toEqual(['r3 = 2', 'tail_call'])
  })
})

describe('loops', () => {
  const callback = [BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()]

  it('of bpf_loop call the callback as a function', () => {
    const call = [BPF_MOV64_IMM(1, 4), ...loadFunction(2, 5), BPF_MOV64_IMM(3, 0), BPF_MOV64_IMM(4, 0)]
    const { lines, stats, subprograms } = rewritten([...call, BPF_EMIT_CALL(181), BPF_EXIT_INSN(), ...callback])
    expect(lines.slice(4)).toEqual([
      'if r1 <= 0x800000 goto pc+2',
      'w0 = -7',
      'goto pc+16',
      '*(u64 *)(r10 -24) = r6',
      '*(u64 *)(r10 -16) = r7',
      '*(u64 *)(r10 -8) = r8',
      'r6 = r1',
      'w7 = 0',
      'r8 = r3',
      'if r7 >= r6 goto pc+5',
      'r1 = r7',
      'r2 = r8',
      'call pc+7',
      'r7 += 1',
      'if r0 == 0x0 goto pc-6',
      'r0 = r7',
      'r6 = *(u64 *)(r10 -24)',
      'r7 = *(u64 *)(r10 -16)',
      'r8 = *(u64 *)(r10 -8)',
      'exit',
      'r0 = 0',
      'exit',
    ])
    expect(stats.stackDepthBytes).toEqual([24, 0])
    expect(subprograms.map(({ start, stackDepthBytes }) => [start, stackDepthBytes])).toEqual([
      [0, 24],
      [25, 0],
    ])
  })

  it('stay calls of bpf_loop where the frame has no room', () => {
    const full = BPF_STX_MEM(DW, 10, 1, -512)
    const call = [full, BPF_MOV64_IMM(1, 4), ...loadFunction(2, 5), BPF_MOV64_IMM(3, 0), BPF_MOV64_IMM(4, 0)]
    const { lines } = rewritten([...call, BPF_EMIT_CALL(181), BPF_EXIT_INSN(), ...callback])
    expect(lines[5]).toBe('call unknown#181')
  })

  it('by may_goto count down on the stack, from before the place that jumps go back to', () => {
    const body = [insn(0xe5, 0, 0, 1), insn(0x05, 0, 0, -2), BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()]
    const { lines, stats } = rewritten([BPF_CALL_REL(1), BPF_EXIT_INSN(), ...body])
    expect(lines.slice(2)).toEqual([
      '*(u64 *)(r10 -8) = 8388608',
      'r11 = *(u64 *)(r10 -8)',
      'if r11 == 0x0 goto pc+3',
      'r11 -= 1',
      '*(u64 *)(r10 -8) = r11',
      'goto pc-5',
      'r0 = 0',
      'exit',
    ])
    expect(stats.stackDepthBytes).toEqual([0, 8])
  })
})

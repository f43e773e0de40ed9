import { BPF_ADD, BPF_ALU64_IMM, BPF_EXIT_INSN, BPF_LDX_MEM, BPF_MOV64_IMM, BPF_RAW_INSN, BPF_W } from '@bpfoundry/isa'
import { engineByName } from '@bpfoundry/testbench'
import { describe, expect, test } from 'vitest'
import { ConformanceError, createBareMachine, readDataCase } from '../src/index.ts'

const read = (text: string): ReturnType<typeof readDataCase> => readDataCase('folder/case.data', text)
const asm = (line: string): string => `-- asm\nmov %r0, 0\n${line}\nexit\n-- result\n0\n`

test('sections, comments, labels and memory', () => {
  const text =
    '# title\n-- asm\nmov %r0, 7 # seven\nja over\nadd %r0, 1\nover:\nldxw %r1, [%r1+4]\nja exit\nexit\n-- mem\n00 01\nff 0x2 3\n-- result\n-1\n'
  expect(read(text)).toEqual({
    id: 'case',
    insns: [
      BPF_MOV64_IMM(0, 7),
      BPF_RAW_INSN(0x05, 0, 0, 1, 0),
      BPF_ALU64_IMM(BPF_ADD, 0, 1),
      BPF_LDX_MEM(BPF_W, 1, 1, 4),
      BPF_RAW_INSN(0x05, 0, 0, 0, 0),
      BPF_EXIT_INSN(),
    ],
    memory: Uint8Array.of(0, 1, 0xff, 2, 3),
    expect: { result: 0xffff_ffff_ffff_ffffn },
  })
})

// biome-ignore format: table
test.each([
  ['add32 %r1, 5',                'ALU32 by an immediate',  BPF_RAW_INSN(0x04, 1, 0, 0, 5)],
  ['sdiv %r1, -4',                'off tells it from div',  BPF_RAW_INSN(0x37, 1, 0, 1, -4)],
  ['smod32 %r3, %r4',             'by a register',          BPF_RAW_INSN(0x9c, 3, 4, 1, 0)],
  ['movsx1632 %r0, %r1',          'bits, then width',       BPF_RAW_INSN(0xbc, 0, 1, 16, 0)],
  ['swap32 %r1',                  'another name for bswap', BPF_RAW_INSN(0xd7, 1, 0, 0, 32)],
  ['stb [%r10-1], 0xff',          'store of an immediate',  BPF_RAW_INSN(0x72, 10, 0, -1, 255)],
  ['ldxsh %r2, [%r1]',            'no offset',              BPF_RAW_INSN(0x89, 2, 1, 0, 0)],
  ['lock fetch add32 [%r10 - 8], %r1', 'blanks in brackets', BPF_RAW_INSN(0xc3, 10, 1, -8, 1)],
  ['lock cmpxchg [%r10-8], %r1',  'fetches by itself',      BPF_RAW_INSN(0xdb, 10, 1, -8, 0xf1)],
  ['jslt32 %r1, %r2, +0',         'a distance',             BPF_RAW_INSN(0xce, 1, 2, 0, 0)],
  ['call 5',                      'a helper',               BPF_RAW_INSN(0x85, 0, 0, 0, 5)],
  ['call helper 5',               'the same',               BPF_RAW_INSN(0x85, 0, 0, 0, 5)],
  ['call runtime 9',              'a kernel function',      BPF_RAW_INSN(0x85, 0, 2, 0, 9)],
  ['call %r2',                    'callx',                  BPF_RAW_INSN(0x8d, 2, 0, 0, 0)],
  ['mov32 %r0, 0xffffffff',       'hex is unsigned',        BPF_RAW_INSN(0xb4, 0, 0, 0, -1)],
])('%s: %s', (line, _, insn) => {
  expect(read(asm(line)).insns[1]).toEqual(insn)
})

test('a raw section overrides asm, one number or eight bytes a slot', () => {
  const raw = '-- asm\nexit\n-- raw\n0x00000007000000b7\n95 00 00 00 00 00 00 00\n-- result\n7\n'
  expect(read(raw).insns).toEqual([BPF_MOV64_IMM(0, 7), BPF_EXIT_INSN()])
})

// biome-ignore format: table
const WRONG: readonly (readonly [title: string, text: string, code: string, line: number])[] = [
  ['an unknown section',       '-- assembly\nexit\n',                       'CONFORMANCE_DIRECTIVE',  1],
  ['an unknown mnemonic',      asm('ldxq %r0, %r1'),                        'CONFORMANCE_SYNTAX',     3],
  ['a missing operand',        asm('lddw %r0'),                             'CONFORMANCE_SYNTAX',     3],
  ['no memory operand',        asm('ldxb %r0, %r1'),                        'CONFORMANCE_SYNTAX',     3],
  ['half a lock',              asm('lock'),                                 'CONFORMANCE_SYNTAX',     3],
  ['a register out of range',  asm('or %r0, %r50'),                         'CONFORMANCE_REGISTER',   3],
  ['an immediate too large',   asm('mov32 %r0, 2147483648'),                'CONFORMANCE_NUMBER',     3],
  ['an offset too large',      asm('ldxb %r0, [%r1+0x10000]'),              'CONFORMANCE_NUMBER',     3],
  ['no number',                asm('mov %r0, seven'),                       'CONFORMANCE_NUMBER',     3],
  ['an unknown label',         asm('ja nowhere'),                           'CONFORMANCE_LABEL',      3],
  ['a label twice',            asm('a:\na:'),                               'CONFORMANCE_LABEL',      4],
  ['a label out of reach',     asm(`ja far\n${'exit\n'.repeat(33_000)}far:`), 'CONFORMANCE_LABEL',    3],
  ['a raw slot cut off',       '-- raw\n95 00 00\n-- result\n0\n',          'CONFORMANCE_HEX',        2],
  ['a byte that is none',      `${asm('')}-- mem\n00 100\n`,                'CONFORMANCE_HEX',        8],
  ['a result that is none',    '-- asm\nexit\n-- result\nzero\n',           'CONFORMANCE_NUMBER',     4],
  ['no result',                '-- asm\nexit\n',                            'CONFORMANCE_INCOMPLETE', 1],
  ['no instructions',          '-- asm\n# none\n-- result\n0\n',            'CONFORMANCE_INCOMPLETE', 1],
]

describe('an error tells file and line', () => {
  test.each(WRONG)('%s', (_, text, code, line) => {
    const error = attempt(() => read(text))
    expect(error).toBeInstanceOf(ConformanceError)
    expect(error).toMatchObject({ code, where: { source: { file: 'folder/case.data', line } } })
  })
})

// biome-ignore format: table
test.each([
  ['a jump out of the program',   'ja +5\nexit'],
  ['a jump into a wide immediate', 'jeq %r1, 0, +1\nlddw %r0, 1\nexit'],
  ['a jump into another function', 'ja there\nexit\nfunction:\nmov %r0, 1\nthere:\nexit\ncall local function\nexit'],
  ['an end without exit',         'mov %r0, 1'],
  ['a call out of the program',   'call local +9\nexit'],
])('no engine is given %s', async (_, text) => {
  const machine = createBareMachine(engineByName('interpreter'))
  const { insns, memory } = read(`-- asm\n${text}\n-- error\n`)
  await expect(machine.run({ name: 'case', insns, memory })).rejects.toThrow(ConformanceError)
})

function attempt(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}

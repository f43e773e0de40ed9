import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  assembleLlvm,
  BPF_CALL_REL,
  BPF_EXIT_INSN,
  BPF_MOV32_REG,
  BPF_ZEXT_REG,
  decodeInsns,
  disassembleLlvm,
  encodeInsns,
  formatLlvmInsn,
  INSTRUCTIONS,
  type Insn,
  IsaError,
} from '../src/index.ts'
import { blessGolden, type Golden, readGolden } from './golden.ts'
import { ACCEPTED, REFUSED } from './llvm-sources.ts'
import { inTemporaryDirectory, toolExists } from './outside.ts'
import { samplesOf } from './sample-insns.ts'

const CLANG = 'clang-19'
const OBJDUMP = 'llvm-objdump-19'
const TEXT = 'llvm-objdump.golden.txt'
const SOURCE = 'llvm-source.golden.txt'

const hex = (insns: readonly Insn[]): string => Buffer.from(encodeInsns(insns)).toString('hex')
const unhex = (text: string): Insn[] => decodeInsns(Buffer.from(text, 'hex'))

/** Rows that LLVM 19 has. */
const ROWS = INSTRUCTIONS.filter((row) => !row.internal && row.kind !== 'load_acq' && row.kind !== 'store_rel')
const SAMPLES = ROWS.flatMap(samplesOf)

interface DumpLine {
  readonly symbol: string
  readonly hex: string
  readonly text: string
}

/** Assembles with clang, disassembles with llvm-objdump: what stands in the text section, a line an instruction. */
function askLlvm(source: string, mcpu: string): DumpLine[] {
  return inTemporaryDirectory((dir) => {
    writeFileSync(join(dir, 'a.s'), `.text\n${source}`)
    execFileSync(CLANG, ['--target=bpf', '-mcpu=v4', '-c', join(dir, 'a.s'), '-o', join(dir, 'a.o')])
    const dump = execFileSync(OBJDUMP, ['-d', `--mcpu=${mcpu}`, join(dir, 'a.o')], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    })
    const lines: DumpLine[] = []
    let symbol = ''
    for (const line of dump.split('\n')) {
      symbol = /^[0-9a-f]+ <(.*)>:$/.exec(line)?.[1] ?? symbol
      const match = /^ *\d+:\t([0-9a-f ]+)\t(.*)$/.exec(line)
      if (match === null) continue
      lines.push({
        symbol,
        hex: (match[1] as string).replaceAll(' ', ''),
        text: (match[2] as string).replace(/ <\S+>$/, ''),
      })
    }
    return lines
  })
}

const bytesDirective = (insns: readonly Insn[]): string => `.byte ${[...encodeInsns(insns)].join(', ')}\n`

function llvmMissing(): string | undefined {
  return [CLANG, OBJDUMP].map((tool) => (toolExists(tool) ? undefined : `${tool} is not installed`)).find(Boolean)
}

const format = (key: string): string => {
  const [mcpu, code] = key.split(' ') as [string, string]
  const [insn, next] = unhex(code)
  return formatLlvmInsn(insn as Insn, next, { wRegisters: mcpu === 'v4' })
}

describe('formatLlvmInsn', () => {
  it('prints as llvm-objdump printed', () => {
    const golden = readGolden(TEXT)
    expect(golden.length).toBeGreaterThan(1000)
    expect(golden.map(([key]) => [key, format(key)])).toEqual(golden)
  })

  it('prints as llvm-objdump prints', (ctx) => {
    const missing = llvmMissing()
    if (missing !== undefined) ctx.skip(missing)
    const source = SAMPLES.map(bytesDirective).join('')
    const all = ['v4', 'v2'].flatMap((mcpu) =>
      askLlvm(source, mcpu).map((line) => [`${mcpu} ${line.hex}`, line.text] as const),
    )
    expect(all.length).toBe(SAMPLES.length * 2)
    // For v2, LLVM takes every 32-bit atomic for an add, or for nothing.
    const outside: Golden = all.filter(([key]) => !(key.startsWith('v2 c3') && !key.endsWith('00000000')))
    blessGolden(TEXT, 'llvm-objdump 19.1.7, -d --mcpu=v4 and v2', outside)
    expect(outside.map(([key]) => [key, format(key)])).toEqual(outside)
  })

  it('adds what a jump leads to, where asked', () => {
    const jump = unhex('1d21fdff00000000')[0] as Insn
    const annotate = (target: number): string => `f+0x${(target * 8).toString(16)}`
    expect(formatLlvmInsn(jump, undefined, { pc: 10, annotate })).toBe('if r1 == r2 goto -0x3 <f+0x40>')
    expect(formatLlvmInsn(jump, undefined, { radix: 'decimal' })).toBe('if r1 == r2 goto -3')
  })
})

describe('disassembleLlvm', () => {
  it('writes source from which clang makes the same bytes', (ctx) => {
    const missing = llvmMissing()
    if (missing !== undefined) ctx.skip(missing)
    // clang leaves calls of labels to the linker.
    const insns = SAMPLES.flat().filter((insn) => !(insn.opcode === 0x85 && insn.src === 1))
    const made = askLlvm(disassembleLlvm(insns), 'v4').map((line) => line.hex)
    expect(made.join('')).toBe(hex(insns))
  })

  it('labels the subprograms it calls', () => {
    const insns = [BPF_CALL_REL(1), BPF_EXIT_INSN(), BPF_EXIT_INSN(), BPF_CALL_REL(100)]
    expect(disassembleLlvm(insns)).toBe('  call func_2\n  exit\nfunc_2:\n  exit\n  .8byte 0x6400001085\n')
  })

  it('tells the zero extension of the fix-ups from the move that it reads as', () => {
    const insns = [BPF_ZEXT_REG(3), BPF_MOV32_REG(3, 3)]
    expect(disassembleLlvm(insns)).toBe('  .8byte 0x1000033bc\n  w3 = w3\n')
    expect(assembleLlvm(disassembleLlvm(insns)).insns).toEqual(insns)
  })
})

describe('assembleLlvm', () => {
  it.each(readGolden(SOURCE))('makes of `%s` what clang made', (source, expected) => {
    expect(hex(assembleLlvm(source).insns)).toBe(expected)
  })

  it('has the golden bytes of every accepted source', () => {
    expect(readGolden(SOURCE).map(([source]) => source)).toEqual(ACCEPTED)
  })

  it('makes what clang makes', (ctx) => {
    const missing = llvmMissing()
    if (missing !== undefined) ctx.skip(missing)
    const lines = askLlvm(ACCEPTED.map((source, index) => `case_${index}:\n${source}\n`).join(''), 'v4')
    const outside: Golden = ACCEPTED.map((source, index) => {
      const own = lines.filter((line) => line.symbol === `case_${index}`)
      return [source, own.map((line) => line.hex).join('')] as const
    })
    blessGolden(SOURCE, 'clang 19.1.7, --target=bpf -mcpu=v4', outside)
    expect(ACCEPTED.map((source) => [source, hex(assembleLlvm(source).insns)])).toEqual(outside)
  })

  it('reads what llvm-objdump prints, where that tells all', () => {
    let compared = 0
    for (const [key, text] of readGolden(TEXT)) {
      const [, code] = key.split(' ') as [string, string]
      const source = disassembleLlvm(unhex(code)).trim()
      if (source.startsWith('.8byte')) continue
      expect([text, hex(assembleLlvm(text).insns)]).toEqual([text, code])
      compared++
    }
    expect(compared).toBeGreaterThan(1000)
  })

  it.each(REFUSED)('refuses `%s` with %s at column %i', (source, code, column) => {
    const error = thrown(() => assembleLlvm(`exit\n${source}\nexit`, { file: 'a.s' }))
    const span = error.where?.source
    expect([error.code, span?.file, span?.line, span?.column, span?.text]).toEqual([code, 'a.s', 2, column, source])
  })

  it('refuses only what clang refuses', (ctx) => {
    const missing = llvmMissing()
    if (missing !== undefined) ctx.skip(missing)
    // Where clang cuts numbers, or crashes, it is no judge.
    const sources = REFUSED.filter(([, code, , judged]) => code !== 'ISA_LABEL' && judged !== false).map(
      ([source]) => source,
    )
    const bad = inTemporaryDirectory((dir) => {
      writeFileSync(join(dir, 'a.s'), sources.map((source) => `${source}\n`).join(''))
      const run = spawnSync(CLANG, ['--target=bpf', '-mcpu=v4', '-c', join(dir, 'a.s'), '-o', join(dir, 'a.o')], {
        encoding: 'utf8',
      })
      return new Set([...run.stderr.matchAll(/a\.s:(\d+):\d+: error/g)].map((match) => Number(match[1])))
    })
    expect(sources.filter((_, index) => !bad.has(index + 1))).toEqual([])
  })
})

describe('programs', () => {
  it('resolve labels before and after, local ones by direction', () => {
    const source = `
      start: r0 = 0          # comment
      1: if r0 == 5 goto 1f; r0 += 1  // two statements
      goto 1b
      1: if w0 != 0 goto end
      gotol start
      may_goto 1b
      /* a comment
         of two lines */
      end: exit`
    const { insns, labels, lines } = assembleLlvm(source)
    expect(disassembleLlvm(insns, { radix: 'decimal' }).trim().split(/\n\s*/)).toEqual([
      'r0 = 0',
      'if r0 == 5 goto +2',
      'r0 += 1',
      'goto -3',
      'if w0 != 0 goto +2',
      'gotol -6',
      'may_goto -3',
      'exit',
    ])
    expect([...labels]).toEqual([
      ['start', 0],
      ['end', 7],
    ])
    expect(lines).toEqual([2, 3, 3, 4, 5, 6, 7, 10])
  })

  it('call labels, and take their address', () => {
    const { insns } = assembleLlvm('call f\nr1 = f ll\nexit\nf: exit')
    expect(insns[0]).toEqual({ opcode: 0x85, dst: 0, src: 1, off: 0, imm: 3 })
    expect(insns[1]).toEqual({ opcode: 0x18, dst: 1, src: 4, off: 0, imm: 2 })
  })

  it('leave external names to the loader as clang does', () => {
    const { insns, relocations } = assembleLlvm('r1 = map + 4 ll\ncall g', { externals: true })
    expect(hex(insns)).toBe('1801000004000000000000000000000085100000ffffffff')
    expect(relocations).toEqual([
      { pc: 0, kind: 'data', symbol: 'map' },
      { pc: 2, kind: 'call', symbol: 'g' },
    ])
  })

  it('know constants, and cut immediates where asked', () => {
    const constants = { OFFSET: 8, bpf_map_lookup_elem: 1, BIG: 0x1ffffffffn }
    const { insns } = assembleLlvm('r1 = *(u32 *)(r1 + OFFSET + 4); call bpf_map_lookup_elem', { constants })
    expect(hex(insns)).toBe('61110c00000000008500000001000000')
    expect(hex(assembleLlvm('r1 = BIG', { constants, wrapImmediates: true }).insns)).toBe('b7010000ffffffff')
    expect(() => assembleLlvm('r1 = BIG', { constants })).toThrow(IsaError)
  })

  it('pass over what clang -S writes around instructions', () => {
    const source = `	.text
	.file	"a # b; c.c"
	.globl	f                               # -- Begin function f
	.p2align	3
	.type	f,@function
f:                                      # @f
.Lfunc_begin0:
	.loc	0 7 0
	.cfi_startproc
# %bb.0:
	w0 = 2
	exit
.Lfunc_end0:
	.size	f, .Lfunc_end0-f
	.cfi_endproc
`
    expect(hex(assembleLlvm(source).insns)).toBe('b4000000020000009500000000000000')
  })
})

function thrown(action: () => unknown): IsaError {
  try {
    action()
  } catch (error) {
    if (error instanceof IsaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

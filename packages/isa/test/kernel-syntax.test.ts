import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  assembleKernel,
  BPF_EXIT_INSN,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  bpftoolImmediate,
  checkInsns,
  decodeInsns,
  disassembleKernel,
  encodeInsns,
  formatKernelInsn,
  INSTRUCTIONS,
  type Insn,
  type InstructionRow,
  IsaError,
  lookupInsn,
  registersRead,
} from '../src/index.ts'
import { blessGolden, type Golden, readGolden } from './golden.ts'
import { inTemporaryDirectory, KERNEL_ORACLE, KERNEL_TREE, toolExists } from './outside.ts'
import { samplesOf } from './sample-insns.ts'

const hex = (insns: readonly Insn[]): string => Buffer.from(encodeInsns(insns)).toString('hex')
const unhex = (text: string): Insn[] => decodeInsns(Buffer.from(text, 'hex'))
const textOf = ([insn, next]: readonly Insn[]): string => formatKernelInsn(insn as Insn, next)

const DISASM = 'kernel-disasm.golden.txt'
const LOG = 'kernel-log.golden.txt'
const LIVE = 'kernel-live-registers.golden.txt'

/** The registers that an instruction reads, as the log shows them: `.1...5....`. It leaves out r10. */
function readOf([insn]: readonly Insn[]): string {
  const mask = registersRead(lookupInsn(insn as Insn) as InstructionRow, insn as Insn)
  return Array.from({ length: 10 }, (_, index) => ((mask >> index) & 1 ? String(index) : '.')).join('')
}

/** Rows that kernel/bpf/disasm.c of 6.12 knows. */
const rowsOf612 = INSTRUCTIONS.filter(
  (row) => !row.internal && row.kind !== 'load_acq' && row.kind !== 'store_rel' && row.operation !== 'callx',
)

/** Instructions whose selecting field has a value that no row has: the kernel prints them all the same. */
const strays: Insn[][] = rowsOf612.flatMap((row) =>
  [3, 77].map((value) => {
    const insn: Insn = { opcode: row.opcode, dst: 1, src: 2, off: value, imm: row.kind === 'call' ? 5000 : value }
    return row.slots === 1
      ? [{ ...insn, src: row.operation === 'helper' ? 9 : 0 }]
      : [{ ...insn, src: 8 }, unhex('00'.repeat(8))[0] as Insn]
  }),
)

/** What the kernel's own C prints, compiled for user space: two slots each. */
function askDisasm(dir: string, programs: readonly (readonly Insn[])[]): string[] {
  mkdirSync(join(dir, 'linux'))
  for (const header of ['bpf.h', 'bpf_common.h'])
    cpSync(join(KERNEL_TREE, 'include/uapi/linux', header), join(dir, 'linux', header))
  const types =
    'typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;'
  const macros = ['ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))', 'BUILD_BUG_ON(x)', '__printf(a, b)']
  const kernelH = `#include <stdbool.h>\n${types}\n${macros.map((macro) => `#define ${macro}\n`).join('')}`
  writeFileSync(join(dir, 'linux/kernel.h'), kernelH)
  writeFileSync(
    join(dir, 'linux/stringify.h'),
    '#define __stringify_1(x...) #x\n#define __stringify(x...) __stringify_1(x)\n',
  )
  writeFileSync(
    join(dir, 'main.c'),
    `#include <stdio.h>
     #include <stdarg.h>
     #include <string.h>
     #include <linux/bpf.h>
     #include "disasm.h"
     static void print(void *p, const char *f, ...) { va_list a; va_start(a, f); vprintf(f, a); va_end(a); }
     int main(void) { struct bpf_insn i[2]; struct bpf_insn_cbs c = { .cb_print = print };
       while (fread(i, 16, 1, stdin) == 1) print_bpf_insn(&c, i, true); }`,
  )
  const source = join(KERNEL_TREE, 'kernel/bpf')
  execFileSync('gcc', [
    '-w',
    `-I${dir}`,
    `-I${source}`,
    join(source, 'disasm.c'),
    join(dir, 'main.c'),
    '-o',
    join(dir, 'main'),
  ])
  const input = encodeInsns(programs.flatMap((insns) => [insns[0] as Insn, insns[1] ?? BPF_EXIT_INSN()]))
  return execFileSync(join(dir, 'main'), { input, encoding: 'utf8' }).trimEnd().split('\n')
}

describe('formatKernelInsn', () => {
  it.each([DISASM, LOG])('prints as the kernel: %s', (name) => {
    const golden = readGolden(name)
    expect(golden.length).toBeGreaterThan(150)
    expect(golden.map(([key]) => [key, textOf(unhex(key))])).toEqual(golden)
  })

  it('reads the registers that the verifier finds live', () => {
    const golden = readGolden(LIVE)
    expect(golden.length).toBeGreaterThan(150)
    expect(golden.map(([key]) => [key, readOf(unhex(key))])).toEqual(golden)
  })

  it('prints as kernel/bpf/disasm.c of the kernel tree', (ctx) => {
    if (!existsSync(KERNEL_TREE)) ctx.skip(`no kernel tree at ${KERNEL_TREE} (KERNEL_TREE)`)
    if (!toolExists('gcc')) ctx.skip('gcc is not installed')
    const programs = [...rowsOf612.flatMap(samplesOf), ...strays]
    const answers = inTemporaryDirectory((dir) => askDisasm(dir, programs))
    const outside: Golden = programs.map((insns, index) => [hex(insns), answers[index] as string] as const)
    blessGolden(DISASM, 'print_bpf_insn of Linux 6.12, compiled for user space', outside)
    expect(programs.map((insns) => [hex(insns), textOf(insns)])).toEqual(outside)
  })

  it("prints as the running kernel's verifier log", (ctx) => {
    if (KERNEL_ORACLE === undefined) ctx.skip('no BPFOUNDRY_KERNEL_ORACLE to ask the running kernel')
    const cases = INSTRUCTIONS.filter((row) => !row.internal).map((row) => ({ ...loadable(row), row }))
    const input = cases
      .map(({ insns }, id) => `${JSON.stringify({ id, insns: hex(insns), log_level: 2, log_tail: 0 })}\n`)
      .join('')
    const answers = execFileSync(KERNEL_ORACLE as string, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
      .trim()
      .split('\n')
    const outside: [string, string][] = []
    const uses: [string, string][] = []
    cases.forEach(({ insns, at, row }, index) => {
      const { verifier_log: log } = JSON.parse(answers[index] as string) as { verifier_log?: string }
      const line = log?.split('\n').find((each) => each.startsWith(`${at}: (`))
      // After the row's instance nothing is live, so what is live before it is what it reads.
      const live = log?.match(new RegExp(`^ *${at}: ([.\\d]{10}) \\(`, 'm'))?.[1]
      // Of calls it depends on the callee; for packet loads the kernel takes all.
      const plain = row.kind !== 'call' && row.kind !== 'ld_packet'
      if (live !== undefined && plain) uses.push([hex(insns.slice(at, -2)), live])
      // Some are refused before they are printed: calls of nothing, maps of no fd.
      if (line !== undefined)
        outside.push([hex(insns.slice(at, -2)), line.replace(/^\d+: /, '').replace(/\s*;.*$/, '')])
    })
    blessGolden(LOG, 'level-2 log of the verifier of Linux 6.18', outside)
    blessGolden(LIVE, 'registers live before the instruction, verifier log of Linux 6.18', uses)
    expect(uses.map(([key]) => [key, readOf(unhex(key))])).toEqual(uses)
    expect(outside.length).toBeGreaterThan(165)
    expect(outside.map(([key]) => [key, textOf(unhex(key))])).toEqual(outside)
  })
})

/** A program in which the verifier gets as far as an instance of the row, which stands at slot `at`. */
function loadable(row: InstructionRow): { insns: Insn[]; at: number } {
  const pick = (role: unknown, value: number): number => (typeof role === 'number' ? role : value)
  const address = (role: unknown): number => (role === 'addr' ? 10 : pick(role, row.operation === 'ind' ? 0 : 1))
  const jumps = row.off === 'jump' || row.imm === 'jump'
  const first: Insn = {
    opcode: row.opcode,
    dst: address(row.dst),
    src: address(row.src),
    off: pick(row.off, jumps ? 0 : -8),
    imm: pick(row.imm, row.imm === 'jump' ? 0 : -5),
  }
  const second: Insn = { opcode: 0, dst: 0, src: 0, off: 0, imm: pick(row.nextImm, 7) }
  const before = [
    row.kind === 'ld_packet' ? BPF_MOV64_REG(6, 1) : BPF_MOV64_IMM(1, 7),
    BPF_MOV64_IMM(0, 7),
    BPF_ST_MEM(0x18, 10, -8, 7),
  ]
  const slots = row.slots === 1 ? [first] : [first, second]
  return { insns: [...before, ...slots, BPF_MOV64_IMM(0, 0), BPF_EXIT_INSN()], at: before.length }
}

describe('hooks', () => {
  const call = unhex('8500000001000000')[0] as Insn
  const subprog = unhex('8510380001000000')[0] as Insn
  const value = unhex('182100003300000000000000f8000000')

  it('name calls as bpftool and the log do', () => {
    expect(formatKernelInsn(call, undefined, { callName: () => 'bpf_map_lookup_elem' })).toBe(
      '(85) call bpf_map_lookup_elem#1',
    )
    expect(formatKernelInsn(subprog, undefined, { callName: ({ off }) => `+${off}#bpf_prog_4c0981_f` })).toBe(
      '(85) call pc+56#bpf_prog_4c0981_f',
    )
    expect(formatKernelInsn(call, undefined, { opcode: false })).toBe('call unknown#1')
  })

  it('render immediates as bpftool does, and hide pointers', () => {
    const [first, second] = value as [Insn, Insn]
    expect(formatKernelInsn(first, second, { immediate: bpftoolImmediate })).toBe('(18) r1 = map[id:51][0]+248')
    expect(formatKernelInsn(first, second)).toBe('(18) r1 = 0xf800000033')
    expect(formatKernelInsn(first, second, { hidePointers: true })).toBe('(18) r1 = 0x0')
    const [low, high] = unhex('18010000330000000000000000000000') as [Insn, Insn]
    expect(formatKernelInsn(low, high, { hidePointers: true })).toBe('(18) r1 = 0x33')
  })

  it('number lines by slots', () => {
    expect(disassembleKernel([...value, call])).toBe('   0: (18) r1 = map[id:51][0]+248\n   2: (85) call unknown#1\n')
  })
})

describe('assembleKernel', () => {
  it.each([DISASM, LOG])('gives the bytes of what the kernel printed: %s', (name) => {
    const exact = readGolden(name).filter(([key]) => isExact(unhex(key)))
    expect(exact.length).toBeGreaterThan(150)
    for (const [key, text] of exact) expect(hex(assembleKernel(text).insns)).toBe(key)
  })

  it('reads the log with its slot numbers, states and blank lines', () => {
    const log =
      '0: (b7) r1 = 1                        ; R1=1\n\n1: (7a) *(u64 *)(r10 -8) = 5 ; R10=fp0\r\n; int a\n4: (95) exit\n'
    const { insns, lines } = assembleKernel(log)
    expect(hex(insns)).toBe('b7010000010000007a0af8ff050000009500000000000000')
    expect(lines).toEqual([1, 2, 4].map((line, index) => (index === 0 ? line : line + 1)))
  })

  it.each([
    ['call pc+56#bpf_prog_4c09815d0bf2bbe4_count', '8510000038000000'],
    ['call bpf_rdonly_cast#7', '8520000007000000'],
    ['call 0xffffffff8120#-12', '85000000f4ffffff'],
    ['(bf) r3 = &(void __percpu *)(r4)', 'bf43ffff00000000'],
    ['(c2) nospec', 'c200000000000000'],
    ['tail_call', 'f500000000000000'],
    ['r1 = 3', 'b701000003000000'],
    ['r1 = 0x3', '18010000030000000000000000000000'],
    ['(b7) r1 = 0x3', 'b701000003000000'],
    ['(18) r1 = 3', '18010000030000000000000000000000'],
    ['r1 = SIZE * 2', 'b701000010000000'],
  ])('takes %s', (text, expected) => {
    const options = { isKfunc: (name: string) => name === 'bpf_rdonly_cast', constants: { SIZE: 8 } }
    expect(hex(assembleKernel(text, options).insns)).toBe(expected)
  })

  it.each([
    ['r1 = ', 'ISA_SYNTAX', 5],
    ['(b7) r1 += 3', 'ISA_NO_SUCH_INSN', 6],
    ['(18) w1 = 3', 'ISA_SYNTAX', 6],
    ['goto +3', 'ISA_SYNTAX', 6],
    ['goto pc+40000', 'ISA_IMMEDIATE', 6],
    ['if r1 > r2 goto pc', 'ISA_SYNTAX', 19],
    ['if r1 = r2 goto pc+1', 'ISA_SYNTAX', 7],
    ['r2 = atomic64_fetch_add((u32 *)(r1 +0), r2)', 'ISA_SYNTAX', 26],
    ['call bpf_map_lookup_elem', 'ISA_SYNTAX', 25],
    ['r1 = map[fd:3]', 'ISA_SYNTAX', 10],
    ['nonsense', 'ISA_SYNTAX', 1],
    ['12: (95) exit now', 'ISA_SYNTAX', 15],
    ['r1 = 5000000000', 'ISA_IMMEDIATE', 6],
    ['w1 = (s32)w2', 'ISA_NO_SUCH_INSN', 7],
  ])('refuses %s', (text, code, column) => {
    const error = thrown(() => assembleKernel(`exit\n${text}`, { file: 'log.txt' }))
    const source = error.where?.source
    expect([error.code, source?.file, source?.line, source?.column, source?.text]).toEqual([
      code,
      'log.txt',
      2,
      column,
      text,
    ])
  })
})

/** False where the kernel's text does not tell all: invalid forms, pseudo immediates, the BTF of a kfunc. */
function isExact(insns: readonly Insn[]): boolean {
  const { opcode, src, off } = insns[0] as Insn
  if (opcode === 0x18) return src === 0
  return checkInsns(insns) === undefined && !(opcode === 0x85 && src === 2 && off !== 0)
}

function thrown(action: () => unknown): IsaError {
  try {
    action()
  } catch (error) {
    if (error instanceof IsaError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The vectors of the user's kernel tree, lib/test_bpf.c, as machine code. */
import { execFileSync } from 'node:child_process'
import type { HelperFunction } from '@bpfoundry/engine'
import { BPF_ALU, BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_K, BPF_LD, BPF_MOV, type Insn } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { findKernelTree } from '../../interpreter/test/kernel-vectors/kernel-tree.ts'
import {
  type KernelTailCallTest,
  type KernelTest,
  type KernelVectors,
  readTestBpf,
} from '../../interpreter/test/kernel-vectors/test-bpf.ts'
import { ARM64, CANNOT_RUN, createBench, imageOf, PROG_ARRAY, WITHOUT_LSE } from './harness.ts'

/** `GENERATED=1`: also the programs that the kernel's fill functions make, 14.5 million instructions. */
const GENERATED = process.env['GENERATED'] === '1'
/** Runs of a tail-call test whose counter they add up to, and of the others. */
const COUNTED_RUNS = 1000
const PLAIN_RUNS = 20

function prepare(): { readonly vectors: KernelVectors } | { readonly missing: string } {
  if (CANNOT_RUN !== undefined) return { missing: CANNOT_RUN }
  const tree = findKernelTree()
  if ('missing' in tree) return tree
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
  } catch {
    return { missing: 'no gcc to compile the tables with' }
  }
  return { vectors: readTestBpf(tree.folder, GENERATED) }
}

const prepared = prepare()

/** What differs from the kernel's expectations, a line each. */
function differences(tests: readonly KernelTest[], engine = ARM64): string[] {
  const out: string[] = []
  const { memory, buffer, cpu, thread } = createBench(engine)
  for (const test of tests) {
    for (const { dataBytes, result } of test.runs) {
      memory.u8.fill(0, buffer, buffer + Math.max(256, dataBytes))
      try {
        const program = thread.install(engine.translate(imageOf(test.insns())))
        const got = program.run(cpu, test.noData ? 0 : buffer)
        if (got !== result) out.push(`#${test.id} ${test.descr}: got ${got}, kernel has ${result}`)
      } catch (error) {
        out.push(`#${test.id} ${test.descr}: ${String(error)}`)
      }
    }
  }
  return out
}

describe('lib/test_bpf.c', () => {
  it('gives the result of every internal program that is written out', (ctx) => {
    if ('missing' in prepared) return ctx.skip(`671 programs of lib/test_bpf.c: ${prepared.missing}`)
    const tests = prepared.vectors.tests.filter((test) => !test.generated)
    expect(tests.length).toBeGreaterThanOrEqual(600)
    expect(differences(tests)).toEqual([])
  })

  it('gives the result of the atomic ones on a CPU without FEAT_LSE', (ctx) => {
    if ('missing' in prepared) return ctx.skip(`atomic programs of lib/test_bpf.c: ${prepared.missing}`)
    const tests = prepared.vectors.tests.filter((test) => /ATOMIC|XADD/.test(test.descr) && !test.generated)
    expect(tests.length).toBeGreaterThanOrEqual(20)
    expect(differences(tests, WITHOUT_LSE)).toEqual([])
  })

  it('gives the result of every internal program that the kernel generates', { timeout: 1_800_000 }, (ctx) => {
    if ('missing' in prepared) return ctx.skip(`244 generated programs of lib/test_bpf.c: ${prepared.missing}`)
    if (!GENERATED) return ctx.skip('244 generated programs of lib/test_bpf.c take minutes: GENERATED=1 runs them')
    const tests = prepared.vectors.tests.filter((test) => test.generated)
    expect(tests.length).toBeGreaterThanOrEqual(200)
    expect(differences(tests)).toEqual([])
  })
})

describe('tail calls of lib/test_bpf.c', () => {
  it('give the result of every test', (ctx) => {
    if ('missing' in prepared) return ctx.skip(`10 tail-call tests of lib/test_bpf.c: ${prepared.missing}`)
    const tests = prepared.vectors.tailCallTests
    expect(tests.length).toBeGreaterThanOrEqual(10)
    expect(tailCallDifferences(tests)).toEqual([])
  })
})

const MARKER = 0x7a11ca11
const NULL_TARGET = 0x7fff
const INVALID_TARGET = 0x7ffe
/** Slots of the array: the tests, an empty one. */
const SLOTS = 64

/** What the kernel's runner puts in place of the markers: the map's address, the target's index, the helpers' numbers. */
function relocate(insns: readonly Insn[], map: number, which: number): Insn[] {
  const special = new Map([
    [NULL_TARGET, SLOTS - 1],
    [INVALID_TARGET, SLOTS],
  ])
  return insns.map((insn) => {
    if (insn.opcode === (BPF_LD | BPF_DW | BPF_IMM) && insn.imm === MARKER) return { ...insn, imm: map }
    if (insn.opcode === (BPF_ALU | BPF_MOV | BPF_K) && insn.imm === MARKER) {
      return { ...insn, off: 0, imm: special.get(insn.off) ?? which + insn.off }
    }
    return insn.opcode === (BPF_JMP | BPF_CALL) ? { ...insn, src: 0 } : insn
  })
}

/** Helpers that do nothing but scribble over what a call may: r0..r5. */
const scribble: HelperFunction = (cpu) => cpu.regs.fill(-1, 0, 12)

function tailCallDifferences(tests: readonly KernelTailCallTest[]): string[] {
  const { memory, buffer, cpu, thread, engine } = createBench(ARM64, new Array<HelperFunction>(512).fill(scribble))
  const state = buffer
  const map = buffer + 4096
  memory.u32[(map + PROG_ARRAY.maxEntriesOffsetBytes) >>> 2] = SLOTS
  const programs = tests.map((test) => {
    const id = test.id + 1
    memory.u32[(map + PROG_ARRAY.slotsOffsetBytes + 4 * test.id) >>> 2] = id
    return thread.install(engine.translate(imageOf(relocate(test.insns, map, test.id), { id })))
  })
  return tests.flatMap((test) => {
    memory.u32[state >>> 2] = 0
    let got = 0
    const runs = test.resultInState ? COUNTED_RUNS : PLAIN_RUNS
    for (let run = 0; run < runs; run++) {
      got = programs[test.id]!.run(cpu, test.needsState ? state : 0) | 0
    }
    if (test.resultInState) got = memory.u32[state >>> 2] as number
    return got === test.result ? [] : [`${test.descr}: got ${got}, kernel has ${test.result}`]
  })
}

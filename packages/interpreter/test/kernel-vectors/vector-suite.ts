/** The vectors of the user's kernel tree, lib/test_bpf.c, for any engine: each back end's tests call this. */
import { execFileSync } from 'node:child_process'
import {
  allocateCpu,
  type CompiledProgram,
  type Cpu,
  type Engine,
  type EngineThread,
  type HelperFunction,
  type ProgArrayLayout,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { BPF_ALU, BPF_CALL, BPF_DW, BPF_IMM, BPF_JMP, BPF_K, BPF_LD, BPF_MOV, type Insn } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { findKernelTree } from '../../../conformance/test/kernel-tree/kernel-tree.ts'
import { imageOf } from '../harness.ts'
import { type KernelTailCallTest, type KernelTest, type KernelVectors, readTestBpf } from './test-bpf.ts'

/** `GENERATED=1`: also the programs that the kernel's fill functions make, 14.5 million instructions. */
const GENERATED = process.env['GENERATED'] === '1'
/** Runs of a tail-call test whose counter they add up to, and of the others. */
const COUNTED_RUNS = 1000
const PLAIN_RUNS = 20
/** Room for the largest `dataBytes`. */
const BUFFER_BYTES = 1 << 20

/** What {@link testKernelVectors} is told. */
export interface VectorSuite {
  /** By what tells them apart. The first also runs the tail-call tests. */
  readonly engines: Readonly<Record<string, () => Engine>>
  /** What the engines were made with. */
  readonly progArray: ProgArrayLayout
  /** Why nothing can run here. */
  readonly missing?: string | undefined
}

/** Tests that the engines give the kernel's results. */
export function testKernelVectors(suite: VectorSuite): void {
  const prepared = prepare(suite.missing)
  const [first] = Object.values(suite.engines)

  describe.each(Object.entries(suite.engines))('lib/test_bpf.c, %s', (_, make) => {
    it('gives the result of every internal program that is written out', (ctx) => {
      if ('missing' in prepared) return ctx.skip(`671 programs of lib/test_bpf.c: ${prepared.missing}`)
      const tests = prepared.vectors.tests.filter((test) => !test.generated)
      expect(tests.length).toBeGreaterThanOrEqual(600)
      expect(differences(tests, make())).toEqual([])
    })

    it('gives the result of every internal program that the kernel generates', { timeout: 3_600_000 }, (ctx) => {
      if ('missing' in prepared) return ctx.skip(`244 generated programs of lib/test_bpf.c: ${prepared.missing}`)
      if (!GENERATED) return ctx.skip('244 generated programs of lib/test_bpf.c take minutes: GENERATED=1 runs them')
      const tests = prepared.vectors.tests.filter((test) => test.generated)
      expect(tests.length).toBeGreaterThanOrEqual(200)
      expect(differences(tests, make())).toEqual([])
    })
  })

  it('gives the result of every tail-call test of lib/test_bpf.c', (ctx) => {
    if ('missing' in prepared) return ctx.skip(`10 tail-call tests of lib/test_bpf.c: ${prepared.missing}`)
    const tests = prepared.vectors.tailCallTests
    expect(tests.length).toBeGreaterThanOrEqual(10)
    expect(tailCallDifferences(tests, first!(), suite.progArray)).toEqual([])
  })
}

function prepare(missing: string | undefined): { readonly vectors: KernelVectors } | { readonly missing: string } {
  if (missing !== undefined) return { missing }
  const tree = findKernelTree()
  if ('missing' in tree) return tree
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
  } catch {
    return { missing: 'no gcc to compile the tables with' }
  }
  return { vectors: readTestBpf(tree.folder, GENERATED) }
}

/** An engine with a CPU, a buffer, and programs that tail calls find by their ids. */
class Rig {
  readonly memory = GuestMemory.create({ maximumBytes: 1 << 24 })
  readonly cpu: Cpu = allocateCpu(this.memory, 0)
  readonly buffer: number = this.memory.allocate('data', 'scratch', BUFFER_BYTES).address
  readonly #engine: Engine
  readonly #thread: EngineThread
  readonly #programs = new Map<number, CompiledProgram>()

  constructor(engine: Engine, progArray: ProgArrayLayout, helpers: readonly HelperFunction[] = []) {
    this.#engine = engine
    this.#thread = engine.open({
      memory: this.memory,
      helpers,
      tailCallTarget: (map, index) => {
        const { u32 } = this.memory
        if (index >= u32[(map + progArray.maxEntriesOffsetBytes) >>> 2]!) return undefined
        return this.#programs.get(u32[(map + progArray.slotsOffsetBytes + 4 * index) >>> 2]!)
      },
    })
  }

  install(insns: readonly Insn[], id: number): CompiledProgram {
    const program = this.#thread.install(this.#engine.translate({ ...imageOf(insns), id }))
    this.#programs.set(id, program)
    return program
  }

  remove(id: number): void {
    this.#thread.remove(id)
    this.#programs.delete(id)
  }

  close(): void {
    this.#thread.close?.()
  }
}

const NO_PROG_ARRAY: ProgArrayLayout = { maxEntriesOffsetBytes: 0, slotsOffsetBytes: 4 }

/** What differs from the kernel's expectations, a line each. Contexts hold zeros where the kernel's is a socket buffer. */
function differences(tests: readonly KernelTest[], engine: Engine): string[] {
  const rig = new Rig(engine, NO_PROG_ARRAY)
  const out = tests.flatMap((test) => {
    try {
      return differencesOf(rig, test)
    } catch (error) {
      return [`#${test.id} ${test.descr}: ${String(error)}`]
    }
  })
  rig.close()
  return out
}

function differencesOf(rig: Rig, test: KernelTest): string[] {
  const program = rig.install(test.insns(), test.id + 1)
  const out = test.runs.flatMap(({ dataBytes, result }) => {
    rig.memory.u8.fill(0, rig.buffer, rig.buffer + Math.max(256, dataBytes))
    const got = program.run(rig.cpu, test.noData ? 0 : rig.buffer)
    return got === result ? [] : [`#${test.id} ${test.descr}: got ${got}, kernel has ${result}`]
  })
  rig.remove(test.id + 1)
  return out
}

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

function tailCallDifferences(
  tests: readonly KernelTailCallTest[],
  engine: Engine,
  progArray: ProgArrayLayout,
): string[] {
  const rig = new Rig(engine, progArray, new Array<HelperFunction>(512).fill(scribble))
  const { u32 } = rig.memory
  const state = rig.buffer
  const map = rig.buffer + 4096
  u32[(map + progArray.maxEntriesOffsetBytes) >>> 2] = SLOTS
  const programs = tests.map((test) => {
    u32[(map + progArray.slotsOffsetBytes + 4 * test.id) >>> 2] = test.id + 1
    return rig.install(relocate(test.insns, map, test.id), test.id + 1)
  })
  const out = tests.flatMap((test) => {
    u32[state >>> 2] = 0
    let got = 0
    for (let run = 0; run < (test.resultInState ? COUNTED_RUNS : PLAIN_RUNS); run++) {
      got = programs[test.id]!.run(rig.cpu, test.needsState ? state : 0) | 0
    }
    if (test.resultInState) got = u32[state >>> 2]!
    return got === test.result ? [] : [`${test.descr}: got ${got}, kernel has ${test.result}`]
  })
  rig.close()
  return out
}

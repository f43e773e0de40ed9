import type { Engine } from '@bpfoundry/engine'
import { createInterpreter } from '@bpfoundry/interpreter'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_MUL,
  BPF_ST_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { ATTACH_TYPE, helperByName, PROG_FLAG, PROG_TYPE, XDP_MD } from '@bpfoundry/kernel-abi'
import { KernelOracle, kernelOracle } from '@bpfoundry/kernel-oracle'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import * as fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { Kernel, KernelError } from '../src/index.ts'

const opened = kernelOracle()
afterAll(() => {
  if (opened instanceof KernelOracle) opened.close()
})

/** Stack bytes that load and store work on. */
const BUFFER_BYTES = 64
const RESULT = 7

interface Step {
  readonly name: 'adjust_head' | 'adjust_tail' | 'get_buff_len' | 'load_bytes' | 'store_bytes'
  readonly amount: number
  readonly length: number
}

const near = (...marks: readonly number[]): fc.Arbitrary<number> =>
  fc.tuple(fc.constantFrom(...marks), fc.integer({ min: -70, max: 70 })).map(([mark, off]) => mark + off)
const step: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom('adjust_head', 'adjust_tail', 'adjust_tail', 'get_buff_len', 'load_bytes', 'store_bytes'),
  amount: fc.oneof(near(0, 3520, 4096, 7616, 11_712, 65_535), near(-3520, -4096, -8000), fc.integer({ max: 20_000 })),
  length: fc.integer({ min: 1, max: BUFFER_BYTES }),
})
const lengths = fc.oneof(near(3520, 7616, 11_712), fc.integer({ min: 100, max: 20_000 }))

/** Calls one after the other; r7 becomes a number that all their results go into, and what was read. */
function program(steps: readonly Step[]): Insn[] {
  const call = (name: string): Insn => BPF_EMIT_CALL(helperByName(`xdp_${name}`)?.id ?? 0)
  const insns = [BPF_MOV64_REG(6, 1), BPF_MOV64_IMM(RESULT, 1)]
  for (let at = 8; at <= BUFFER_BYTES; at += 8) insns.push(BPF_ST_MEM(BPF_DW, 10, -at, at))
  for (const { name, amount, length } of steps) {
    insns.push(BPF_MOV64_REG(1, 6), BPF_MOV64_IMM(2, amount))
    if (name.endsWith('bytes')) {
      insns.push(BPF_MOV64_REG(3, 10), BPF_ALU64_IMM(BPF_ADD, 3, -BUFFER_BYTES), BPF_MOV64_IMM(4, length))
    }
    insns.push(call(name), BPF_ALU64_IMM(BPF_MUL, RESULT, 31), BPF_ALU64_REG(BPF_ADD, RESULT, 0))
  }
  return [...insns, BPF_MOV64_REG(0, RESULT), BPF_EXIT_INSN()]
}

const packetOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => (n * 7) ^ (n >>> 8))

/** struct xdp_md that says so many bytes of metadata and so many in the first buffer. */
function contextOf(metaBytes: number, linearBytes: number): Uint8Array {
  const ctx = new Uint8Array(XDP_MD.sizeBytes)
  const view = new DataView(ctx.buffer)
  view.setUint32(XDP_MD.data, metaBytes, true)
  view.setUint32(XDP_MD.dataEnd, linearBytes, true)
  return ctx
}

const engines: readonly (readonly [string, () => Engine])[] = [
  ['interpreter', () => createInterpreter()],
  ['wasm', () => createWasmEngine({ progArray: PROG_ARRAY_LAYOUT })],
]

interface Case {
  readonly steps: readonly Step[]
  readonly length: number
  /** Metadata, and bytes in front of the frags; undefined for a run without a context. */
  readonly split: { readonly meta: number; readonly linear: number } | undefined
}

const cases: fc.Arbitrary<Case> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  length: lengths,
  split: fc.option(
    fc.record({
      meta: fc.constantFrom(0, 4, 32),
      linear: fc.oneof(near(100, 3520), fc.integer({ min: 64, max: 6000 })),
    }),
    { nil: undefined },
  ),
})

const COUNT = Number(process.env['PROGRAMS'] ?? 150)

it.for(engines)(
  'packets over several pages are to helpers what they are on the running kernel: %s',
  ([, make], ctx) => {
    if (!(opened instanceof KernelOracle)) {
      ctx.skip(`${opened.unavailable}: ${COUNT} programs`)
      return
    }
    const kernel = Kernel.create({ engine: make() })
    for (const { steps, length, split } of fc.sample(cases, { numRuns: COUNT, seed: 8 })) {
      const request = { type: PROG_TYPE.XDP, flags: PROG_FLAG.XDP_HAS_FRAGS, insns: program(steps) }
      const data = packetOf(length)
      const given = split === undefined ? {} : { ctx: contextOf(split.meta, Math.min(split.linear, length)) }
      const theirs = opened.loadProgram({ ...request, mapReferences: [] })
      expect(theirs.ok, theirs.log).toBe(true)
      const { ctx: ctxIn } = given as { ctx?: Uint8Array }
      const answer = opened.testRun(theirs.fd, {
        dataIn: data,
        dataOutBytes: 80_000,
        ...(ctxIn === undefined ? {} : { ctxIn }),
      })
      opened.close()
      const ours = kernel.loadProgram({ ...request, name: 'frags', expectedAttachType: 0, license: 'GPL' })
      const run = outcome(() => kernel.testRun(ours, { data, ...given }))
      ours.close()
      const got = { steps, length, split, ...run }
      const at = got.packet.findIndex((byte, n) => byte !== answer.dataOut[n])
      expect({ ...got, packet: [got.packet.length, at] }).toEqual({
        steps,
        length,
        split,
        errno: answer.errno,
        retval: answer.errno === 0 ? answer.retval : 0,
        packet: [answer.errno === 0 ? answer.dataOut.length : 0, -1],
      })
    }
  },
)

function outcome(run: () => { retval: number; data: Uint8Array }): {
  errno: number
  retval: number
  packet: Uint8Array
} {
  try {
    const { retval, data } = run()
    return { errno: 0, retval, packet: data }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    return { errno: error.errno, retval: 0, packet: new Uint8Array() }
  }
}

it('programs of devmap and cpumap entries have no test run, as on the running kernel', (ctx) => {
  const kernel = Kernel.create()
  const insns = [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
  for (const expectedAttachType of [ATTACH_TYPE.XDP_DEVMAP, ATTACH_TYPE.XDP_CPUMAP]) {
    const program = kernel.loadProgram({
      type: PROG_TYPE.XDP,
      flags: 0,
      insns,
      name: 'entry',
      expectedAttachType,
      license: 'GPL',
    })
    expect(outcome(() => kernel.testRun(program, { data: new Uint8Array(64) })).errno).toBe(22)
    if (!(opened instanceof KernelOracle)) continue
    const theirs = opened.loadProgram({ type: PROG_TYPE.XDP, insns, expectedAttachType, mapReferences: [] })
    expect(opened.testRun(theirs.fd, { dataIn: new Uint8Array(64) }).errno).toBe(22)
    opened.close()
  }
  if (!(opened instanceof KernelOracle)) ctx.skip(opened.unavailable)
})

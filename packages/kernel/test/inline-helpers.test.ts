import { CPU_BLOCK, type Cpu, type Engine } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_CALL_REL,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_LD_MAP_FD,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { createNativeEngine, nativeEngineAvailable } from '@bpfoundry/native-exec'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Kernel, type KernelOptions, seededKeys } from '../src/index.ts'
import { DEVMAP, type HelperCall, helperCalls, helperProgram, MAPS, RESULTS } from './helper-program.ts'

const RUNS = Number(process.env['PROGRAMS'] ?? 120) / 10
const native = nativeEngineAvailable()
const options = { progArray: PROG_ARRAY_LAYOUT }

const ENGINES: readonly (readonly [name: string, make: () => Engine])[] = [
  ['wasm', () => createWasmEngine(options)],
  ...(native.available ? ([[native.name, () => createNativeEngine(options)]] as const) : []),
]
if (!native.available) console.log(`machine code is not tested with inlined helpers: ${native.reason}`)

/** Everything that a program leaves behind, twice in a row. */
function outcome(calls: readonly HelperCall[], kernelOptions: KernelOptions) {
  const kernel = Kernel.create({ cpus: 2, seed: 5, ...kernelOptions })
  const maps = [...MAPS, DEVMAP, RESULTS].map((attributes) => kernel.createMap(attributes))
  const [devmap, results] = maps.slice(-2) as [(typeof maps)[number], (typeof maps)[number]]
  devmap.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(1, 0, 0, 0))
  kernel.setTimeNs(123_456_789_012)
  const insns = helperProgram(
    calls,
    maps.map(({ fd }) => fd),
    devmap.fd,
    results.fd,
  )
  const request = { name: 'helpers', type: PROG_TYPE.XDP, expectedAttachType: 0, insns, license: 'GPL', flags: 0 }
  const program = kernel.loadProgram(request)
  const data = Uint8Array.from({ length: 80 }, (_, n) => n)
  const { retval, data: packet } = kernel.testRun(program, { data, repeat: 2 })
  const { memory, block } = kernel.cpus[0] as Cpu
  const count = (field: 'executedInsns' | 'helperCalls') =>
    memory.f64[(block + CPU_BLOCK.fields[field].offsetBytes) >>> 3]
  const bytes = maps.map(({ storage }) => Buffer.from(memory.read(storage.address, storage.memoryBytes)))
  const left = { retval, packet, executedInsns: count('executedInsns'), helperCalls: count('helperCalls') }
  for (const map of maps) map.close()
  return { left, bytes, inlined: program.image.inlined }
}

describe.each(ENGINES)('inlined helpers on the %s engine', (_name, make) => {
  it.each([0, 2] as const)('leave what the helpers leave on the interpreter, bpf_jit_harden %d', (harden) => {
    fc.assert(
      fc.property(helperCalls, fc.integer(), (calls, seed) => {
        const compiled = outcome(calls, { engine: make(), harden, blindingKeys: seededKeys(seed) })
        const interpreted = outcome(calls, {})
        expect(compiled.left).toEqual(interpreted.left)
        for (const [n, bytes] of compiled.bytes.entries()) {
          expect(
            bytes.equals(interpreted.bytes[n] ?? Buffer.of()),
            `bytes of ${[...MAPS, DEVMAP, RESULTS][n]?.name}`,
          ).toBe(true)
        }
      }),
      { numRuns: RUNS },
    )
  })
})

/** The entry and seven subprograms, each calling the next one; the last calls bpf_ktime_get_ns and adds one. */
function deepestProgram(): Insn[] {
  const calls = Array.from({ length: 7 }, () => [BPF_CALL_REL(1), BPF_EXIT_INSN()]).flat()
  return [...calls, BPF_EMIT_CALL(5), BPF_ALU64_IMM(BPF_ADD, 0, 1), BPF_EXIT_INSN()]
}

it.each(ENGINES)('an inlined helper may be called from the eighth frame, on the %s engine', (_name, make) => {
  const kernel = Kernel.create({ engine: make() })
  kernel.setTimeNs(4_000_000_000)
  const request = { name: 'deep', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0 }
  const program = kernel.loadProgram({ ...request, insns: deepestProgram() })
  expect(program.image.inlined?.subprograms.at(-1)?.hidden).toBe(true)
  expect(kernel.testRun(program, { data: new Uint8Array(64) }).retval).toBe(4_000_000_001)
})

describe('the pass', () => {
  const request = (insns: readonly Insn[]) =>
    ({ name: 'p', type: PROG_TYPE.XDP, expectedAttachType: 0, insns, license: 'GPL', flags: 0 }) as const
  const now = [BPF_EMIT_CALL(5), BPF_MOV64_REG(6, 0), BPF_EMIT_CALL(5), BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]

  it('puts one hidden subprogram behind the program for two calls of a helper, and moves nothing', () => {
    const { image } = Kernel.create().loadProgram(request(now))
    expect(image.subprograms.map(({ name }) => name)).toEqual(['p'])
    expect(image.inlined?.subprograms.map(({ name, hidden }) => [name, hidden])).toEqual([
      ['p', undefined],
      ['bpf_ktime_get_ns', true],
    ])
    expect(image.inlined?.insns.slice(0, 3)).toEqual([BPF_CALL_REL(4), BPF_MOV64_REG(6, 0), BPF_CALL_REL(2)])
  })

  it('can be turned off, and leaves a program alone that calls nothing it knows', () => {
    expect(Kernel.create({ inlineHelpers: false }).loadProgram(request(now)).image.inlined).toBeUndefined()
    const plain = [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
    expect(Kernel.create().loadProgram(request(plain)).image.inlined).toBeUndefined()
  })

  it('leaves a call to the helper whose map is another on another path', () => {
    const kernel = Kernel.create()
    const [one, other] = [RESULTS, RESULTS].map((attributes) => kernel.createMap(attributes).fd) as [number, number]
    const insns = [
      BPF_LDX_MEM(BPF_W, 3, 1, 16),
      BPF_ST_MEM(BPF_W, 10, -4, 0),
      ...BPF_LD_MAP_FD(1, one),
      BPF_JMP_IMM(BPF_JEQ, 3, 0, 2),
      ...BPF_LD_MAP_FD(1, other),
      BPF_MOV64_REG(2, 10),
      BPF_ALU64_IMM(BPF_ADD, 2, -4),
      BPF_EMIT_CALL(1),
      BPF_MOV64_IMM(0, 2),
      BPF_EXIT_INSN(),
    ]
    expect(kernel.loadProgram(request(insns)).image.inlined).toBeUndefined()
    const [same, ...rest] = [
      insns.slice(0, 4),
      [BPF_JMP_IMM(BPF_JEQ, 3, 0, 2), ...BPF_LD_MAP_FD(1, one)],
      insns.slice(7),
    ]
    expect(kernel.loadProgram(request([...(same ?? []), ...rest.flat()])).image.inlined?.subprograms[1]?.hidden).toBe(
      true,
    )
  })
})

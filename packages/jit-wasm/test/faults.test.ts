import { CodegenError } from '@bpfoundry/codegen'
import { ExecutionFault, type ProgramImage } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_ATOMIC_OP,
  BPF_B,
  BPF_BSWAP,
  BPF_CALL_REL,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_A,
  BPF_JMP_IMM,
  BPF_LD_IMM64,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_RAW_INSN,
  BPF_ST_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { createWasmEngine, JitWasmError } from '../src/index.ts'
import { imageOf, PROG_ARRAY, Twins } from './twins.ts'

const engine = createWasmEngine({ progArray: PROG_ARRAY })

/** What `run` throws. */
function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('faults of a run', () => {
  const twins = new Twins([undefined])
  const { wasm } = twins
  const faultOf = (image: ProgramImage): ExecutionFault => {
    const error = thrownBy(() => wasm.install(image).run(wasm.cpu, wasm.scratch))
    expect(error).toBeInstanceOf(ExecutionFault)
    return error as ExecutionFault
  }
  const end = wasm.memory.byteLength

  // biome-ignore format: table
  const addresses: readonly (readonly [string, number | bigint])[] = [
    ['across the end of memory', end - 7],
    ['the end of memory',        end],
    ['2 GiB',                    2 ** 31],
    ['the last bytes of 4 GiB',  0xfffffff8],
  ]
  it.each(addresses)('%s is out of bounds for loads, stores and atomics, as in the interpreter', (_, address) => {
    const accesses = [BPF_LDX_MEM(BPF_DW, 0, 2, 0), BPF_ST_MEM(BPF_DW, 2, 0, 1), BPF_LDX_MEM(BPF_B, 0, 2, 8)]
    for (const insn of accesses) {
      const load = BPF_LD_IMM64(2, address) as readonly Insn[]
      const [expected, got] = twins.run([BPF_MOV64_IMM(0, 0), ...load, insn, BPF_EXIT_INSN()])
      expect(got.r0).toBe(expected.r0)
    }
  })

  it('an offset does not lead past 4 GiB and back', () => {
    const [expected, got] = twins.run([
      ...(BPF_LD_IMM64(2, 0xfffffff8) as readonly Insn[]),
      BPF_LDX_MEM(BPF_DW, 0, 2, 0x7fff),
      BPF_EXIT_INSN(),
    ])
    expect([got.r0, expected.r0]).toEqual(['FAULT_OUT_OF_BOUNDS', 'FAULT_OUT_OF_BOUNDS'])
  })

  it('a misaligned atomic faults', () => {
    for (const insn of [BPF_ATOMIC_OP(BPF_DW, BPF_ADD, 1, 2, 4), BPF_RAW_INSN(0xdb, 0, 1, 4, 0x100)]) {
      const [expected, got] = twins.run([BPF_MOV64_IMM(2, 1), BPF_MOV64_IMM(0, 1), insn, BPF_EXIT_INSN()])
      expect([got.r0, expected.r0]).toEqual(['FAULT_MISALIGNED_ATOMIC', 'FAULT_MISALIGNED_ATOMIC'])
    }
  })

  it('a fault tells program, slot and source line', () => {
    const load = BPF_LD_IMM64(2, end) as readonly Insn[]
    const insns = [BPF_MOV64_IMM(0, 0), ...load, BPF_ALU64_IMM(BPF_ADD, 0, 1), BPF_LDX_MEM(BPF_B, 0, 2, 0)]
    const lines = [1, 3, 4].map((pc) => ({ pc, file: 'a.c', line: 10 + pc, column: 1, text: 'x' }))
    const fault = faultOf(imageOf([...insns, BPF_EXIT_INSN()], { lines, name: 'xdp' }))
    expect([fault.code, fault.where?.pc, fault.where?.program, fault.where?.source?.line]).toEqual([
      'FAULT_OUT_OF_BOUNDS',
      4,
      'xdp',
      14,
    ])
  })

  it('so does one in a subprogram, in a helper that is missing, and of a call too deep', () => {
    const load = BPF_LD_IMM64(2, end) as readonly Insn[]
    const inCallee = [BPF_CALL_REL(1), BPF_EXIT_INSN(), ...load, BPF_LDX_MEM(BPF_B, 0, 2, 0), BPF_EXIT_INSN()]
    expect(faultOf(imageOf(inCallee)).where?.pc).toBe(4)
    expect(faultOf(imageOf([BPF_MOV64_IMM(0, 0), BPF_EMIT_CALL(0), BPF_EXIT_INSN()])).where?.pc).toBe(1)
    const endless = [BPF_CALL_REL(1), BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 0), BPF_CALL_REL(-2), BPF_EXIT_INSN()]
    const fault = faultOf(imageOf(endless))
    expect([fault.code, fault.where?.pc]).toEqual(['FAULT_CALL_DEPTH', 3])
  })

  it('after a fault the program runs again', () => {
    const program = wasm.install(imageOf([BPF_LDX_MEM(BPF_DW, 0, 1, 0), BPF_EXIT_INSN()]))
    expect(() => program.run(wasm.cpu, end)).toThrow(ExecutionFault)
    wasm.memory.u32[wasm.scratch >>> 2] = 77
    expect(program.run(wasm.cpu, wasm.scratch)).toBe(77)
  })

  it('memory that grew after compiling is in bounds', () => {
    const program = wasm.install(imageOf([BPF_LDX_MEM(BPF_DW, 0, 1, 0), BPF_EXIT_INSN()]))
    const grown = wasm.memory.allocate('grown', 'scratch', 2 ** 20)
    wasm.memory.u32[(grown.address + grown.sizeBytes - 8) >>> 2] = 78
    expect(program.run(wasm.cpu, grown.address + grown.sizeBytes - 8)).toBe(78)
  })
})

describe('programs that can’t be translated', () => {
  // biome-ignore format: table
  const refused: readonly (readonly [string, Insn, string])[] = [
    ['an unknown opcode',            BPF_RAW_INSN(0xff, 0, 0, 0, 0),        'JIT_WASM_OPCODE'],
    ['an unknown atomic operation',  BPF_RAW_INSN(0xdb, 10, 0, -8, 0x123),  'JIT_WASM_OPCODE'],
    ['register 12',                  BPF_RAW_INSN(0xbf, 12, 0, 0, 0),       'JIT_WASM_OPCODE'],
    ['source register 15',           BPF_RAW_INSN(0xbf, 0, 15, 0, 0),       'JIT_WASM_OPCODE'],
    ['a packet load',                BPF_RAW_INSN(0x30, 0, 0, 0, 0),        'JIT_WASM_UNRESOLVED'],
    ['a cast of address spaces',     BPF_RAW_INSN(0xbf, 0, 1, 1, 1),        'JIT_WASM_UNRESOLVED'],
    ['a probing load',               BPF_RAW_INSN(0x31, 0, 1, 0, 0),        'JIT_WASM_UNRESOLVED'],
    ['a kernel function call',       BPF_RAW_INSN(0x85, 0, 2, 0, 5),        'JIT_WASM_UNRESOLVED'],
  ]
  it.each(refused)('%s is refused where it can be reached, and only there', (_, insn, code) => {
    const error = thrownBy(() => engine.translate(imageOf([BPF_MOV64_IMM(0, 0), insn, BPF_EXIT_INSN()])))
    expect(error).toBeInstanceOf(JitWasmError)
    expect([(error as JitWasmError).code, (error as JitWasmError).where?.pc]).toEqual([code, 1])
    expect(() => engine.translate(imageOf([BPF_JMP_A(1), insn, BPF_EXIT_INSN()]))).not.toThrow()
  })

  it('an unresolved map reference is refused', () => {
    const insns = [BPF_RAW_INSN(0x18, 0, 1, 0, 0), BPF_RAW_INSN(0, 0, 0, 0, 0), BPF_EXIT_INSN()]
    expect(thrownBy(() => engine.translate(imageOf(insns)))).toMatchObject({ code: 'JIT_WASM_UNRESOLVED' })
  })

  it('flow that leaves the program is refused', () => {
    for (const insns of [[], [BPF_JMP_A(5), BPF_EXIT_INSN()], [BPF_CALL_REL(9), BPF_EXIT_INSN()]]) {
      expect(thrownBy(() => engine.translate(imageOf(insns)))).toBeInstanceOf(CodegenError)
    }
    const falling = [BPF_MOV64_IMM(0, 0), BPF_JMP_IMM(BPF_JEQ, 0, 0, 1), BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 1)]
    expect(thrownBy(() => engine.translate(imageOf(falling)))).toMatchObject({
      code: 'JIT_WASM_FALLS_OFF',
      where: { pc: 3 },
    })
  })

  it('an end that nothing reaches may be anything', () => {
    const [expected, got] = new Twins().run([BPF_MOV64_IMM(0, 4), BPF_EXIT_INSN(), BPF_MOV64_IMM(0, 5)])
    expect(got).toEqual(expected)
  })

  it('a function larger than the host’s limit is refused', { timeout: 60_000 }, () => {
    const insns = Array.from({ length: 120_000 }, () => BPF_BSWAP(0, 64))
    expect(thrownBy(() => engine.translate(imageOf([...insns, BPF_EXIT_INSN()])))).toMatchObject({
      code: 'JIT_WASM_MODULE',
    })
  })
})

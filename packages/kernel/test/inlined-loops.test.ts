/** Loops and divisions that the fix-ups rewrite come out the same on every engine. */
import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, BtfBuilder, type FunctionInfo } from '@bpfoundry/btf'
import type { Engine } from '@bpfoundry/engine'
import {
  BPF_ADD,
  BPF_ALU64_REG,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_LD_IMM64_RAW_FULL,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_PSEUDO_FUNC,
  BPF_ST_MEM,
  BPF_STX_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { createNativeEngine, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { expect, it } from 'vitest'
import { Kernel } from '../src/index.ts'

const DW = 0x18
const native = nativeEngineAvailable()
const options = { progArray: PROG_ARRAY_LAYOUT }
const ENGINES: readonly (readonly [name: string, make: (() => Engine) | undefined])[] = [
  ['interpreter', undefined],
  ['wasm', () => createWasmEngine(options)],
  ...(native.available ? ([[native.name, () => createNativeEngine(options)]] as const) : []),
]
if (!native.available) console.log(`machine code is not tested with inlined loops: ${native.reason}`)

const insn = (opcode: number, dst: number, src: number, off: number, imm: number): Insn => ({
  opcode,
  dst,
  src,
  off,
  imm,
})

/** The sum of 0 to 9, by a callback that adds to its context; r6 to r8 outlive the loop. Then what is in `tail`. */
function summing(tail: readonly Insn[]): Insn[] {
  const main = [
    ...[6, 7, 8].map((register) => BPF_MOV64_IMM(register, register)),
    BPF_ST_MEM(DW, 10, -8, 0),
    BPF_MOV64_IMM(1, 10),
    ...BPF_LD_IMM64_RAW_FULL(2, BPF_PSEUDO_FUNC, 0, 0, 11 + tail.length, 0),
    BPF_MOV64_REG(3, 10),
    insn(0x07, 3, 0, 0, -8),
    BPF_MOV64_IMM(4, 0),
    BPF_EMIT_CALL(181),
    BPF_LDX_MEM(DW, 1, 10, -8),
    ...[1, 6, 7, 8].map((register) => BPF_ALU64_REG(BPF_ADD, 0, register)),
    ...tail,
    BPF_EXIT_INSN(),
  ]
  const callback = [
    BPF_LDX_MEM(DW, 0, 2, 0),
    BPF_ALU64_REG(BPF_ADD, 0, 1),
    BPF_STX_MEM(DW, 2, 0, 0),
    BPF_MOV64_IMM(0, 0),
    BPF_EXIT_INSN(),
  ]
  return [...main, ...callback]
}

const SUM = 10 + 45 + 6 + 7 + 8

/** Types of the two functions: `int f(void)`. */
function functions(callbackStart: number) {
  const builder = new BtfBuilder()
  const integer = { name: 'int', sizeBytes: 4, encoding: BTF_INT_ENCODING.SIGNED, bitOffset: 0, bits: 32 }
  const returnTypeId = builder.add({ kind: BTF_KIND.INT, ...integer })
  const typeId = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId, parameters: [] })
  const functionInfo: FunctionInfo[] = ['main', 'add'].map((name, index) => ({
    pc: index * callbackStart,
    typeId: builder.add({ kind: BTF_KIND.FUNC, name, typeId, linkage: BTF_LINKAGE.STATIC }),
  }))
  return { btf: builder.build(), functionInfo }
}

/** `r0 op= r2` */
const by = (opcode: number, off: number, divisor: number): readonly Insn[] => [
  BPF_MOV64_IMM(2, divisor),
  insn(opcode, 0, 2, off, 0),
]

// biome-ignore format: table
const CASES: readonly (readonly [name: string, tail: readonly Insn[], expected: number])[] = [
  ['the sum and the rounds',  [],                  SUM],
  ['divided by 0',            by(0x3f, 0, 0),      0],
  ['modulo 0',                by(0x9f, 0, 0),      SUM],
  ['divided by -1, signed',   by(0x3f, 1, -1),     2 ** 32 - SUM],
  ['modulo -1, signed',       by(0x9f, 1, -1),     0],
  ['modulo 0, signed',        by(0x9c, 1, 0),      SUM],
  ['divided by -7, signed',   by(0x3c, 1, -7),     2 ** 32 - 10],
]

it.each(CASES.flatMap((row) => ENGINES.map(([engine, make]) => [row[0], engine, row, make] as const)))(
  '%s on %s',
  (_name, _engine, [, tail, expected], make) => {
    const kernel = Kernel.create(make === undefined ? {} : { engine: make() })
    const insns = summing(tail)
    const program = kernel.loadProgram({
      name: 'sum',
      type: PROG_TYPE.XDP,
      expectedAttachType: 0,
      license: 'GPL',
      flags: 0,
      insns,
      ...functions(insns.length - 5),
    })
    expect(kernel.testRun(program, { data: new Uint8Array(64) }).retval).toBe(expected)
  },
)

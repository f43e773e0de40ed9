/**
 * Variables of the kernel, by their addresses: what `progs/test_ksyms_btf*.c` of Linux want accepted and refused. A kernel
 * that lists no variables (CONFIG_KALLSYMS_ALL) can't be asked.
 */
import { BTF_INT_ENCODING, BTF_KIND, BtfBuilder, type BtfType } from '@bpfoundry/btf'
import { assembleLlvm, BPF_PSEUDO_BTF_ID, type Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { type KernelBtf, type VerifierProgram, type VerifierResult, verify } from '../src/index.ts'

const builder = new BtfBuilder()
const encoding = { encoding: BTF_INT_ENCODING.SIGNED, bitOffset: 0, bits: 32 }
const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, ...encoding })
const member = { name: 'cpu', typeId: int, bitOffset: 32, bitfieldBits: 0 }
const rq = builder.add({ kind: BTF_KIND.STRUCT, name: 'rq', sizeBytes: 8, kindFlag: false, members: [member] })
const array = builder.add({ kind: BTF_KIND.ARRAY, name: '', elementTypeId: int, indexTypeId: int, length: 3 })
const unknown = builder.add({ kind: BTF_KIND.FWD, name: 'unknown', isUnion: false })

function variable(name: string, typeId: number): number {
  return builder.add({ kind: BTF_KIND.VAR, name, typeId, linkage: 1 })
}

// biome-ignore format: table
const SYMBOLS = {
  runqueues:   variable('runqueues', rq),
  active:      variable('active', int),
  limits:      variable('limits', array),
  boot:        variable('boot', rq),
  nothing:     variable('nothing', unknown),
  notASymbol:  rq,
  notAType:    99,
}
const entries = [SYMBOLS.runqueues, SYMBOLS.active].map((typeId) => ({ typeId, offsetBytes: 0, sizeBytes: 8 }))
builder.add({ kind: BTF_KIND.DATASEC, name: '.data..percpu', sizeBytes: 16, entries })
const btf = builder.build()

const kernelBtf: KernelBtf = {
  find: (name, kind) => btf.find(name, kind as BtfType['kind'])?.id,
  type: (id) => btf.type(id),
  resolve: (id) => btf.resolve(id),
  sizeOf: (id) => btf.sizeOf(id),
}

/** `9000 ll` stands for the symbol. */
const PLACE = 9000

function judge(symbol: keyof typeof SYMBOLS, asm: string): VerifierResult {
  const linked = ({ insn }: { insn: Insn }): Insn =>
    insn.opcode === 0x18 && insn.imm === PLACE ? { ...insn, src: BPF_PSEUDO_BTF_ID, imm: SYMBOLS[symbol] } : insn
  const insns = assembleLlvm(`r1 = ${PLACE} ll\n${asm}\nr0 = 0\nexit`).insns.map((insn) => linked({ insn }))
  const type = PROG_TYPE.RAW_TRACEPOINT
  const program: VerifierProgram = {
    name: 'p',
    type,
    expectedAttachType: 0,
    insns,
    gplCompatible: true,
    maps: new Map(),
  }
  return verify(program, { kernelBtf }, { logLevel: 2 })
}

const OF_CPU = 'r2 = 0\ncall 153\n'
const OF_THIS = 'call 154\n'

describe('a variable of the kernel', () => {
  it.each([
    ['a structure of a CPU', 'runqueues', `${OF_CPU}if r0 == 0 goto out\nr2 = *(u32 *)(r0 + 4)\nout:`],
    ['a number of a CPU', 'active', `${OF_CPU}if r0 == 0 goto out\nr2 = *(u32 *)(r0 + 0)\nout:`],
    ['a structure of this CPU', 'runqueues', `${OF_THIS}r2 = *(u32 *)(r0 + 4)`],
    ['a number of this CPU', 'active', `${OF_THIS}r2 = *(u32 *)(r0 + 0)`],
    ['an array that all share', 'limits', 'r2 = *(u32 *)(r1 + 8)'],
    ['a structure that all share', 'boot', 'r2 = *(u32 *)(r1 + 4)'],
  ] as const)('%s is read', (_name, symbol, asm) => {
    const { ok, log } = judge(symbol, asm)
    expect(ok, log).toBe(true)
  })

  it.each([
    ['a CPU that may be absent', 'runqueues', `${OF_CPU}r2 = *(u32 *)(r0 + 4)`, "R0 invalid mem access 'ptr_or_null_'"],
    [
      'a number of a CPU that may be absent',
      'active',
      `${OF_CPU}r2 = *(u32 *)(r0 + 0)`,
      "R0 invalid mem access 'rdonly_mem_or_null'",
    ],
    ['a store to a number', 'active', `${OF_THIS}*(u32 *)(r0 + 0) = 1`, 'R0 cannot write into rdonly_mem'],
    ['a store to a structure', 'runqueues', `${OF_THIS}*(u32 *)(r0 + 4) = 1`, 'only read is supported'],
    ['a load from no CPU', 'runqueues', 'r2 = *(u32 *)(r1 + 4)', 'R1 is ptr_rq access percpu memory: off=4'],
    ['past a number', 'active', `${OF_THIS}r2 = *(u64 *)(r0 + 0)`, 'invalid access to memory, mem_size=4 off=0 size=8'],
    ['past an array', 'limits', 'r2 = *(u32 *)(r1 + 12)', 'invalid access to memory, mem_size=12 off=12 size=4'],
    ['a store to an array', 'limits', '*(u32 *)(r1 + 8) = 1', 'R1 cannot write into rdonly_mem'],
    [
      'a shared structure for a CPU',
      'boot',
      OF_CPU,
      'R1 type=ptr_ expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_',
    ],
    ['of unknown size', 'nothing', '', "ldimm64 unable to resolve the size of type 'unknown': -22"],
    ['that is none', 'notASymbol', '', "pseudo btf_id 2 in ldimm64 isn't KIND_VAR or KIND_FUNC"],
    ['that is not there', 'notAType', '', 'ldimm64 insn specifies invalid btf_id 99.'],
  ] as const)('%s is refused', (_name, symbol, asm, words) => {
    const { ok, log } = judge(symbol, asm)
    expect(ok).toBe(false)
    expect(log).toContain(words)
  })
})

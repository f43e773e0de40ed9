/** Cases whose programs call what only a module has; the module of `test/kernel-tree/modules` is described by the reader. */
import { BTF_KIND, type BtfBuilder, BtfBuilder as Builder, LazyBtf } from '@bpfoundry/btf'
import { BPF_CALL, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { type KernelFunctionTrait, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { engineByName } from '@bpfoundry/testbench'
import { describe, expect, it } from 'vitest'
import { askVector, createEmulatedKernel, createVector, type Vector, type VectorModule } from '../../src/index.ts'

function struct(builder: BtfBuilder, name: string, sizeBytes: number): number {
  return builder.add({ kind: BTF_KIND.STRUCT, name, sizeBytes, kindFlag: false, members: [] })
}

/** `struct thing *thing_get(void)` and `void thing_put(struct thing *thing)`. */
function moduleOf(thingBytes: number): VectorModule {
  const builder = new Builder()
  const typeId = struct(builder, 'thing', thingBytes)
  const pointer = builder.add({ kind: BTF_KIND.PTR, name: '', typeId })
  const parameters = [{ name: 'thing', typeId: pointer }]
  const get = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: pointer, parameters: [] })
  const put = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: 0, parameters })
  builder.add({ kind: BTF_KIND.FUNC, name: 'thing_get', typeId: get, linkage: 0 })
  builder.add({ kind: BTF_KIND.FUNC, name: 'thing_put', typeId: put, linkage: 0 })
  const functions = new Map<string, ReadonlySet<KernelFunctionTrait>>([
    ['thing_get', new Set(['acquire', 'ret_null'])],
    ['thing_put', new Set(['release'])],
  ])
  return { name: 'things', btf: builder.build().encode(), functions: [{ programTypes: [PROG_TYPE.XDP], functions }] }
}

function kernelTypes(): LazyBtf {
  const builder = new Builder()
  struct(builder, 'thing', 16)
  return new LazyBtf(builder.build().encode())
}

const CALL: Insn = { opcode: BPF_JMP | BPF_CALL, dst: 0, src: BPF_PSEUDO_KFUNC_CALL, off: 0, imm: -1 }
const IF_NULL: Insn = { opcode: 0x15, dst: 0, src: 0, off: 2, imm: 0 }
const MOVE: Insn = { opcode: 0xbf, dst: 1, src: 0, off: 0, imm: 0 }
const ZERO: Insn = { opcode: 0xb7, dst: 0, src: 0, off: 0, imm: 0 }
const EXIT: Insn = { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 }

function caseWith(fields: Partial<Vector>): Vector {
  const insns = [CALL, IF_NULL, MOVE, CALL, ZERO, EXIT]
  const kfuncs = [
    { pc: 0, name: 'thing_get' },
    { pc: 3, name: 'thing_put' },
  ]
  return createVector({ id: 1, type: PROG_TYPE.XDP, insns, kfuncs, logLevel: 1, ...fields })
}

const withoutPut = { insns: [CALL, ZERO, EXIT], kfuncs: [{ pc: 0, name: 'thing_get' }] }
const array = {
  type: 2,
  keySizeBytes: 4,
  valueSizeBytes: 8,
  maxEntries: 1,
  flags: 0,
  mapExtra: 0,
  freeze: false,
  fill: [],
}

describe('a case with a module', () => {
  const kernel = createEmulatedKernel(engineByName('interpreter'), { types: kernelTypes() })
  const modules = [moduleOf(16)]

  it.each([
    ['calls its functions', {}],
    ['has maps besides', { maps: [array, array] }],
  ])('%s', (_name, fields) => {
    expect(askVector(kernel, caseWith({ modules, ...fields }))).toMatchObject({ load_ok: true, errno: 0 })
  })

  it('is refused in the kernel’s words', () => {
    const answer = askVector(kernel, caseWith({ modules, ...withoutPut }))
    expect(answer).toMatchObject({ load_ok: false, errno: 'EINVAL' })
    expect(answer.verifier_log).toContain('Unreleased reference id=2 alloc_insn=0')
  })

  it('does not run: the functions are not there', () => {
    const runs = [{ repeat: 0, flags: 0, dataIn: new Uint8Array(64) }]
    expect(askVector(kernel, caseWith({ modules, runs }))).toMatchObject({
      load_ok: true,
      unsupported: ['running functions of things'],
    })
  })

  it('leaves nothing of the module to the next', () => {
    const missing = ['kfuncs: the kernel has no thing_get', 'kfuncs: the kernel has no thing_put']
    expect(askVector(kernel, caseWith({}))).toMatchObject({ unsupported: missing })
    expect(askVector(kernel, caseWith({ modules }))).toMatchObject({ load_ok: true })
  })

  it('made for another kernel is answered with why', () => {
    const { error } = askVector(kernel, caseWith({ modules: [moduleOf(24)] }))
    expect(error).toBe('module things is refused: the kernel has no struct thing as the module has it')
  })
})

import { BTF_KIND, BtfBuilder, LazyBtf } from '@bpfoundry/btf'
import { assembleLlvm } from '@bpfoundry/isa'
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import { Kernel, KernelError, ProgramRejected } from '../src/index.ts'

/** A kernel with one function: `int bpf_fentry_test1(int a)`. */
function types(): { btf: LazyBtf; functionId: number } {
  const builder = new BtfBuilder()
  const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, encoding: 1, bitOffset: 0, bits: 32 })
  const parameters = [{ name: 'a', typeId: int }]
  const prototype = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters })
  const functionId = builder.add({ kind: BTF_KIND.FUNC, name: 'bpf_fentry_test1', typeId: prototype, linkage: 0 })
  return { btf: new LazyBtf(builder.build().encode()), functionId }
}

function load(asm: string, attachType: number): { kernel: Kernel; program: ReturnType<Kernel['loadProgram']> } {
  const { btf, functionId } = types()
  const kernel = Kernel.create({ kernelBtf: btf })
  const program = kernel.loadProgram({
    ...{ name: 'traced', type: PROG_TYPE.TRACING, expectedAttachType: attachType, license: 'GPL', flags: 0 },
    insns: assembleLlvm(asm).insns,
    attachBtfId: functionId,
  })
  return { kernel, program }
}

describe('a program bound to a kernel function', () => {
  it('sees its arguments, and what it gave', () => {
    const asm = 'r2 = *(u64 *)(r1 + 0)\nr3 = *(u64 *)(r1 + 8)\nr0 = 0\nexit'
    expect(() => load(asm, ATTACH_TYPE.TRACE_FEXIT)).not.toThrow()
    expect(() => load(asm, ATTACH_TYPE.TRACE_FENTRY)).toThrow(ProgramRejected)
  })

  it('is not run by a test run: it is attached to nothing', () => {
    const { kernel, program } = load('r0 = 0\nexit', ATTACH_TYPE.TRACE_FENTRY)
    const { retval, data } = kernel.testRun(program, { data: new Uint8Array(14) })
    expect([retval, data.length]).toEqual([0, 0])
  })

  it('has no test run where it modifies what the function gives', () => {
    const { kernel, program } = load('r0 = 0\nexit', ATTACH_TYPE.MODIFY_RETURN)
    expect(() => kernel.testRun(program, { data: new Uint8Array(14) })).toThrow(KernelError)
  })

  it('is not judged without the types of a kernel', () => {
    const request = { name: 'traced', type: PROG_TYPE.TRACING, expectedAttachType: ATTACH_TYPE.TRACE_FENTRY }
    const { insns } = assembleLlvm('r0 = 0\nexit')
    const loading = (): unknown => Kernel.create().loadProgram({ ...request, insns, license: 'GPL', flags: 0 })
    expect(loading).toThrow(/not supported/)
  })
})

import { BTF_INT_ENCODING, BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '@bpfoundry/btf'
import { assembleLlvm } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, test } from 'vitest'
import { Kernel, KernelError, type ProgramRequest } from '../src/index.ts'

/** `int NAME(struct xdp_md *ctx)` */
function typesOf(name: string): { readonly btf: Btf; readonly typeId: number } {
  const builder = new BtfBuilder()
  const encoding = { encoding: BTF_INT_ENCODING.SIGNED, bitOffset: 0, bits: 32 }
  const int = builder.add({ kind: BTF_KIND.INT, name: 'int', sizeBytes: 4, ...encoding })
  const context = builder.add({ kind: BTF_KIND.STRUCT, name: 'xdp_md', sizeBytes: 24, kindFlag: false, members: [] })
  const pointer = builder.add({ kind: BTF_KIND.PTR, name: '', typeId: context })
  const parameters = [{ name: 'ctx', typeId: pointer }]
  const prototype = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: int, parameters })
  const typeId = builder.add({ kind: BTF_KIND.FUNC, name, typeId: prototype, linkage: BTF_LINKAGE.GLOBAL })
  return { btf: builder.build(), typeId }
}

const target = typesOf('target')

function request(name: string, type: number, asm: string, fields: Partial<ProgramRequest> = {}): ProgramRequest {
  const { btf, typeId } = name === 'target' ? target : typesOf(name)
  const types = { btf, functionInfo: [{ pc: 0, typeId }] }
  return {
    name,
    type,
    expectedAttachType: 0,
    insns: assembleLlvm(asm).insns,
    license: 'GPL',
    flags: 0,
    ...types,
    ...fields,
  }
}

const PASS = 'r0 = 2\nexit'

describe('a program that takes the place of another', () => {
  test('is judged as a program of the type that it extends', () => {
    const kernel = Kernel.create()
    const { fd } = kernel.loadProgram(request('target', PROG_TYPE.XDP, PASS))
    const bound = { attachProgramFd: fd, attachBtfId: target.typeId }
    const packet = 'r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 4)\nr0 = 2\nexit'
    expect(kernel.loadProgram(request('extension', PROG_TYPE.EXT, packet, bound)).image.type).toBe(PROG_TYPE.EXT)
    const field = request('extension', PROG_TYPE.EXT, 'r0 = *(u32 *)(r1 + 100)\nexit', bound)
    expect(() => kernel.loadProgram(field)).toThrow('invalid bpf_context access off=100 size=4')
  })

  test.each([
    ['no descriptor of a program', PROG_TYPE.EXT, { attachProgramFd: 99, attachBtfId: 1 }],
    ['an attach type of its own', PROG_TYPE.EXT, { expectedAttachType: 1 }],
    ['a type that has no targets', PROG_TYPE.XDP, { attachProgramFd: 3, attachBtfId: 1 }],
  ])('is refused with %s', (_what, type, fields) => {
    const kernel = Kernel.create()
    kernel.loadProgram(request('target', PROG_TYPE.XDP, PASS))
    const loading = (): unknown => kernel.loadProgram(request('extension', type, PASS, fields))
    expect(loading).toThrow(KernelError)
    expect(loading).toThrow(expect.objectContaining({ code: 'KERNEL_ATTACH_PROGRAM' }))
  })
})

import { BTF_KIND, BTF_LINKAGE, type Btf, BtfBuilder } from '@bpfoundry/btf'
import { BPF_CALL, BPF_EXIT, BPF_JMP, BPF_PSEUDO_KFUNC_CALL, type Insn } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { KernelBtf } from '@bpfoundry/verifier'
import { describe, expect, it } from 'vitest'
import { type InsertedModule, Kernel, KernelError, type ModuleRequest } from '../src/index.ts'

function build(name: string, structBytes: number): Btf {
  const builder = new BtfBuilder()
  builder.add({ kind: BTF_KIND.STRUCT, name: 'shared', sizeBytes: structBytes, kindFlag: false, members: [] })
  const typeId = builder.add({ kind: BTF_KIND.FUNC_PROTO, name: '', returnTypeId: 0, parameters: [] })
  builder.add({ kind: BTF_KIND.FUNC, name, typeId, linkage: BTF_LINKAGE.STATIC })
  return builder.build()
}

function kernelBtf(): KernelBtf {
  const btf = build('of_kernel', 8)
  return {
    find: (name, kind) => btf.find(name, kind as typeof BTF_KIND.FUNC)?.id,
    type: (id) => btf.type(id),
    resolve: (id) => btf.resolve(id),
    sizeOf: (id) => btf.sizeOf(id),
  }
}

function moduleNamed(name: string, structBytes = 8): ModuleRequest {
  const functions = [{ programTypes: [PROG_TYPE.UNSPEC], functions: new Map([[`${name}_run`, new Set<never>()]]) }]
  return { name, btf: build(`${name}_run`, structBytes), functions }
}

function load(kernel: Kernel, name: string, fd: number): void {
  const imm = kernel.btf?.find(name, BTF_KIND.FUNC) ?? 0
  const insns: Insn[] = [
    { opcode: BPF_JMP | BPF_CALL, dst: 0, src: BPF_PSEUDO_KFUNC_CALL, off: 1, imm },
    { opcode: 0xb7, dst: 0, src: 0, off: 0, imm: 0 },
    { opcode: BPF_JMP | BPF_EXIT, dst: 0, src: 0, off: 0, imm: 0 },
  ]
  const request = { name, type: PROG_TYPE.XDP, expectedAttachType: 0, insns, license: 'GPL', flags: 0 }
  kernel.loadProgram({ ...request, fdArray: [0, fd] }).close()
}

/** Errno of what is refused; 0 for what is not. */
function errnoOf(action: () => unknown): number {
  try {
    action()
    return 0
  } catch (error) {
    if (error instanceof KernelError) return error.errno
    throw error
  }
}

describe('a module in the kernel', () => {
  it('is called by programs as long as it is there', () => {
    const kernel = Kernel.create({ kernelBtf: kernelBtf() })
    const modules: InsertedModule[] = ['one', 'two'].map((name) => kernel.insertModule(moduleNamed(name)))
    const [one, two] = modules as [InsertedModule, InsertedModule]
    const attempts = (): number[] => [
      errnoOf(() => load(kernel, 'one_run', one.fd)),
      errnoOf(() => load(kernel, 'two_run', two.fd)),
    ]
    expect(attempts()).toEqual([0, 0])
    // The other's types keep their ids.
    one.remove()
    expect(attempts()).toEqual([ERRNO.EBADF, 0])
    two.remove()
    expect(attempts()).toEqual([ERRNO.EBADF, ERRNO.EBADF])
    expect(kernel.btf?.find('two_run', BTF_KIND.FUNC)).toBeUndefined()
  })

  it('is called by the descriptor of its own types only', () => {
    const kernel = Kernel.create({ kernelBtf: kernelBtf() })
    const { fd } = kernel.insertModule(moduleNamed('one'))
    kernel.insertModule(moduleNamed('two'))
    expect(errnoOf(() => load(kernel, 'two_run', fd))).toBe(ERRNO.EINVAL)
  })

  it.each([
    ['twice', { kernelBtf: kernelBtf() }, ['one', 'one'], 8, ERRNO.EEXIST],
    ['into a kernel without types', {}, ['one'], 8, ERRNO.ENOENT],
    ['made for another kernel', { kernelBtf: kernelBtf() }, ['one'], 16, ERRNO.EINVAL],
  ])('is refused %s', (_name, options, names, structBytes, errno) => {
    const kernel = Kernel.create(options)
    expect(errnoOf(() => names.forEach((name) => void kernel.insertModule(moduleNamed(name, structBytes))))).toBe(errno)
  })
})

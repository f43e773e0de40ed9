/** What is read of a module's C: held to a sample here, to the user's own kernel tree and clang where they are. */
import { join } from 'node:path'
import { BTF_KIND, type Btf, decodeBtf, formatBtfRaw, formatTypeRaw } from '@bpfoundry/btf'
import { loadCollectionSpec } from '@bpfoundry/loader'
import { describe, expect, it } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import { TestModules } from '../../../src/kernel-tree/modules/test-modules.ts'
import { Compiler } from '../../../src/kernel-tree/progs/compiler/compiler.ts'
import type { VectorModule } from '../../../src/vector/vector.ts'
import { findKernelTree } from '../kernel-tree.ts'

const SAMPLE_TREE = join(import.meta.dirname, 'sample-tree')
const sample = new TestModules(new KernelTree(SAMPLE_TREE), join(SAMPLE_TREE, 'vmlinux.h'))

function moduleHaving(name: string, modules: TestModules = sample): VectorModule {
  const module = modules.having(name)
  if (module === undefined || 'missing' in module) throw new Error(module?.missing ?? `no module has ${name}`)
  return module
}

/** A type with all that it names, as bpftool prints it. */
function written(btf: Btf, name: string, kind: number): string {
  const type = btf.types.find((one) => one.name === name && one.kind === kind)
  return type === undefined ? 'absent' : formatTypeRaw(btf, type).replace(/^\[\d+\] /, '')
}

describe('a module’s source', () => {
  const module = moduleHaving('bpf_testmod_own_get')
  const btf = decodeBtf(module.btf)

  it('lists functions with their flags, in sets for types of programs', () => {
    expect(module.name).toBe('bpf_testmod')
    expect(
      module.functions.map(({ programTypes, functions }) => [programTypes, Object.fromEntries(functions)]),
    ).toEqual([
      [[0], { bpf_testmod_for_all: new Set() }],
      [[3, 6], { bpf_testmod_own_get: new Set(['acquire', 'ret_null']), bpf_testmod_own_put: new Set(['release']) }],
      [[6], {}],
    ])
  })

  it('names functions that may be made to fail, and structures that are given back', () => {
    expect(module.mayFail).toEqual(new Set(['bpf_testmod_traced']))
    expect(module.destructible).toEqual(new Set(['bpf_testmod_own']))
  })

  it('leaves out functions whose calls are not followed, so that the kernel has none of them', () => {
    expect(['bpf_testmod_older', 'bpf_testmod_filtered'].map((name) => btf.find(name, BTF_KIND.FUNC))).toEqual([
      undefined,
      undefined,
    ])
  })

  it('has parameters by name, its structures in full, those of the kernel by size', () => {
    const prototype = btf.find('bpf_testmod_own_get', BTF_KIND.FUNC)?.typeId ?? 0
    expect(formatTypeRaw(btf, btf.type(prototype))).toMatch(/vlen=3\n\t'from__nullable' .*\n\t'mem' .*\n\t'mem__sz' /)
    expect(written(btf, 'bpf_testmod_own', BTF_KIND.STRUCT)).toMatch(/^STRUCT 'bpf_testmod_own' size=32 vlen=4\n/)
    expect(written(btf, 'shared', BTF_KIND.STRUCT)).toBe("STRUCT 'shared' size=8 vlen=0")
    expect(written(btf, 'kept', BTF_KIND.STRUCT)).toBe("STRUCT 'kept' size=4 vlen=0")
    expect(written(btf, 'large', BTF_KIND.STRUCT)).toBe("STRUCT 'large' size=32 vlen=0")
    expect(written(btf, 'undeclared', BTF_KIND.FWD)).toBe("FWD 'undeclared' fwd_kind=struct")
  })

  it('has tracepoints as a kernel’s types tell of them', () => {
    expect(btf.find('btf_trace_bpf_testmod_bare', BTF_KIND.TYPEDEF)).toBeDefined()
    const prototype = btf.find('__bpf_trace_bpf_testmod_bare', BTF_KIND.FUNC)?.typeId ?? 0
    expect(formatTypeRaw(btf, btf.type(prototype))).toMatch(/\n\t'__data' .*\n\t'own__nullable' .*\n\t'number' /)
  })

  it('is found by what it has', () => {
    expect(moduleHaving('bpf_testmod_traced')).toBe(module)
    expect(moduleHaving('bpf_testmod_bare')).toBe(module)
    expect(sample.having('bpf_rcu_read_lock')).toBeUndefined()
    expect(sample.havingAny(['bpf_testmod_bare', 'bpf_testmod_traced', 'bpf_rcu_read_lock'])).toEqual([module])
  })

  it('with a flag that is not known tells it, with its place', () => {
    expect(sample.having('bpf_test_unknown')).toEqual({
      missing: expect.stringMatching(/KF_OF_TOMORROW .*bpf_test_unknown\.c:3:/),
    })
  })
})

const found = findKernelTree()
const tree = 'missing' in found ? undefined : new KernelTree(found.folder)
const FILE = 'tools/testing/selftests/bpf/bpf_testmod/bpf_testmod.c'
const text = tree?.read(FILE)

/** Why the tree's own module can't be read here. */
function absence(): string | undefined {
  if (tree === undefined) return 'missing' in found ? found.missing : ''
  if (text === undefined) return `${tree.folder} has no ${FILE}`
  const module = new TestModules(tree, undefined).having('bpf_kfunc_common_test')
  return module !== undefined && 'missing' in module ? module.missing : undefined
}

describe('the module of a kernel tree', () => {
  const missing = absence()
  const modules = tree === undefined ? sample : new TestModules(tree, undefined)

  it('has every function that it lists', (context) => {
    if (missing !== undefined) return context.skip(missing)
    const module = moduleHaving('bpf_kfunc_common_test', modules)
    const listed = [...(text ?? '').matchAll(/^BTF_ID_FLAGS\(func, (\w+)/gm)].map(([, name]) => name)
    const read = module.functions.flatMap(({ functions }) => [...functions.keys()])
    expect(read.toSorted()).toEqual(listed.toSorted())
    const btf = decodeBtf(module.btf)
    expect(read.filter((name) => btf.find(name, BTF_KIND.FUNC) === undefined)).toEqual([])
  })

  it('has its structures as clang lays them out', (context) => {
    if (tree === undefined || missing !== undefined) return context.skip(missing)
    const compiler = Compiler.find(tree)
    if ('missing' in compiler) return context.skip(compiler.missing)
    const object = compiler.compile('tools/testing/selftests/bpf/progs/kfunc_call_test.c')
    const theirs = loadCollectionSpec(object, { name: 'theirs', externs: 'keep' }).btf
    const ours = decodeBtf(moduleHaving('bpf_kfunc_common_test', modules).btf)
    const names = ['prog_test_pass1', 'prog_test_pass2']
    const shapes = (btf: Btf | undefined): readonly string[] =>
      names.map((name) => (btf === undefined ? '' : written(btf, name, BTF_KIND.STRUCT).replace(/ type_id=\d+/g, '')))
    expect(shapes(ours)).toEqual(shapes(theirs))
    expect(formatBtfRaw(ours)).toContain("STRUCT 'prog_test_pass2' size=88 vlen=3")
  })
})

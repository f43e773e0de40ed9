import { checkBtf } from '@bpfoundry/btf'
import { describe, expect, test } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import type { AnnotatedObject } from '../../../src/kernel-tree/progs/annotated-object.ts'
import { isAnnotated } from '../../../src/kernel-tree/progs/annotation-table.ts'
import { assembledObject } from '../../../src/kernel-tree/progs/asm/assembled-object.ts'
import { helperDefinitions } from '../../../src/kernel-tree/progs/asm/helper-definitions.ts'
import { compiledObject } from '../../../src/kernel-tree/progs/compiler/compiled-object.ts'
import { Compiler } from '../../../src/kernel-tree/progs/compiler/compiler.ts'
import { helperHeader, vmlinuxHeader } from '../../../src/kernel-tree/progs/compiler/generated-headers.ts'
import { findKernelTree } from '../kernel-tree.ts'
import { assembledNames, assembledPart } from './clang-comparison.ts'

const PROGS = 'tools/testing/selftests/bpf/progs'

/** Some of every kind: maps of maps, subprograms, instructions as data, kernel functions, registers as operands. */
const SHORT = ['bpf_fastcall', 'map_in_map', 'spill_fill'].map((name) => `${PROGS}/verifier_${name}.c`)

const everything = process.env['FULL'] === '1'
const found = findKernelTree()
const tree = 'missing' in found ? found : new KernelTree(found.folder)
const compiler = 'missing' in tree ? tree : Compiler.find(tree)
const vmlinux = everything && !('missing' in compiler) ? vmlinuxHeader(undefined) : undefined
const source = vmlinux === undefined ? {} : { vmlinux }

function filesOf(of: KernelTree): string[] {
  const all = of.list(PROGS, '.c')
  if (!everything) return SHORT.filter((file) => all.includes(file))
  return all.filter((file) => /\/verifier_\w+\.c$/.test(file) || isAnnotated(of.read(file) ?? ''))
}

/** What a kernel has against the types of an object. */
function btfProblem({ spec }: AnnotatedObject): string | undefined {
  try {
    if (spec.btf !== undefined) checkBtf(spec.btf)
    return undefined
  } catch (error) {
    return (error as Error).message.replaceAll(/\[\d+\]/g, '[id]')
  }
}

describe("the kernel tree's test programs without a compiler", () => {
  if ('missing' in compiler || 'missing' in tree) {
    const reason = 'missing' in compiler ? compiler.missing : ''
    test(`${SHORT.length} files are as clang makes them`, (ctx) => ctx.skip(reason))
    return
  }

  const count = { functions: 0, assembled: 0 }

  test.each(filesOf(tree))('%s is as clang makes it', (file) => {
    const ours = assembledObject(tree, file, source)
    const names = assembledNames(ours)
    count.functions += ours.functions.length
    count.assembled += names.size
    for (const { name, how } of ours.functions) {
      // Nothing of these files is beyond the reader, kernel types apart that are in no uapi header.
      if (!names.has(name) && vmlinux !== undefined) expect({ name, how }).toMatchObject({ how: { needs: 'clang' } })
    }
    if (names.size === 0) return
    const theirs = compiledObject(tree, file, compiler)
    expect(assembledPart(ours, names)).toEqual(assembledPart(theirs, names))
    expect(btfProblem(ours)).toBe(btfProblem(theirs))
  })

  test('helpers have the numbers that the kernel gives them', (ctx) => {
    if (!everything) return ctx.skip('asked of scripts/bpf_doc.py with FULL=1')
    const rows = (text: string): string[] =>
      [...text.matchAll(/\(\*\s*const (bpf_\w+)\).*= \(void \*\) (\d+);/g)].map(
        ([, name, number]) => `${name} ${number}`,
      )
    const expected = rows(helperHeader(tree)).sort()
    expect(expected.length).toBeGreaterThan(200)
    expect(rows(helperDefinitions(tree)).sort()).toEqual(expected)
  })

  test('most functions are assembled', (ctx) => {
    if (!everything) return ctx.skip('counted over all files with FULL=1')
    process.stderr.write(`assembled ${count.assembled} of ${count.functions} functions, the others need clang\n`)
    expect(count.assembled / count.functions).toBeGreaterThan(0.65)
  })
})

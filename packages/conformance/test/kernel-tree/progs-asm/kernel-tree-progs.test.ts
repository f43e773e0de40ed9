import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import type { AnnotatedFunction } from '../../../src/kernel-tree/progs/annotated-object.ts'
import { assembledObject } from '../../../src/kernel-tree/progs/asm/assembled-object.ts'
import { compiledObject } from '../../../src/kernel-tree/progs/compiler/compiled-object.ts'
import { Compiler } from '../../../src/kernel-tree/progs/compiler/compiler.ts'
import { findKernelTree } from '../kernel-tree.ts'
import { assembledNames, assembledPart } from './clang-comparison.ts'

const PROGS = 'tools/testing/selftests/bpf/progs'

/** A few of every kind: maps, subprograms, instructions as data, kernel functions, globals, registers as operands. */
const SHORT = ['and', 'array_access', 'bpf_fastcall', 'map_in_map', 'prevent_map_lookup', 'ref_tracking', 'spill_fill']

const found = findKernelTree()
const everything = process.env['FULL'] === '1'

function filesOf(tree: KernelTree): string[] {
  const files = tree.list(PROGS, '.c').filter((file) => /\/verifier_\w+\.c$/.test(file))
  return everything ? files : files.filter((file) => SHORT.some((name) => file.endsWith(`/verifier_${name}.c`)))
}

describe.skipIf('missing' in found)("the kernel tree's test programs without a compiler", () => {
  const tree = new KernelTree('missing' in found ? '' : found.folder)
  const compiler = Compiler.find(tree)
  const files = filesOf(tree)

  test.skipIf('missing' in compiler || files.length === 0).each(files)('%s: as clang makes it', (file) => {
    const ours = assembledObject(tree, file)
    const names = assembledNames(ours)
    const theirs = compiledObject(tree, file, compiler as Compiler)
    expect(assembledPart(ours, names)).toEqual(assembledPart(theirs, names))
  })

  test.runIf(everything)('most functions are assembled, every other has a reason', () => {
    const functions = files.flatMap((file) => assembledObject(tree, file).functions)
    const count = (how: (each: AnnotatedFunction['how']) => boolean): number =>
      functions.filter((each) => how(each.how)).length
    const assembled = count((how) => how === 'assembled')
    const clang = count((how) => typeof how === 'object' && how.needs === 'clang')
    process.stderr.write(`assembled ${assembled} of ${functions.length} functions, ${clang} need clang\n`)
    expect(assembled / functions.length).toBeGreaterThan(0.8)
  })
})

if ('missing' in found) process.stderr.write(`skipped: ${SHORT.length} files of test programs: ${found.missing}\n`)
else if (!existsSync(`${found.folder}/${PROGS}`)) process.stderr.write('skipped: the kernel tree has no progs\n')

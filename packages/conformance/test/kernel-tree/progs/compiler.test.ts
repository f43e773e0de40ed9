import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import { clangError } from '../../../src/kernel-tree/progs/compiler/clang-error.ts'
import { compiledObject } from '../../../src/kernel-tree/progs/compiler/compiled-object.ts'
import { Compiler } from '../../../src/kernel-tree/progs/compiler/compiler.ts'

const SAMPLE_TREE = join(import.meta.dirname, '../progs-asm/sample-tree')
const FOLDER = 'tools/testing/selftests/bpf/progs'

const tree = new KernelTree(SAMPLE_TREE)
const cacheFolder = mkdtempSync(join(tmpdir(), 'bpfoundry-cache-'))
afterAll(() => rmSync(cacheFolder, { recursive: true }))

const compiler = Compiler.find(tree, { cacheFolder })
if ('missing' in compiler) process.stderr.write(`skipped: 3 tests of compiling with clang: ${compiler.missing}\n`)

describe('without a usable clang', () => {
  test.each([
    ['/nowhere/clang', "/nowhere/clang can't be started"],
    [process.execPath, 'clang 17 or newer is needed'],
  ])('%s: told in a line', (clang, message) => {
    expect(Compiler.find(tree, { clang })).toHaveProperty('missing', expect.stringContaining(message))
  })
})

describe('errors of clang', () => {
  test('the first is located within the tree', () => {
    const output =
      "In file included from x:1:\n/tree/a/b.h:12:5: fatal error: 'c.h' file not found\n/tree/a/b.c:1:1: error: e\n"
    expect(clangError({ treeFolder: '/tree', file: 'a/b.c', output, isReduced: false })).toMatchObject({
      code: 'CONFORMANCE_SOURCE',
      message: "clang does not compile it: 'c.h' file not found",
      where: { source: { file: 'a/b.h', line: 12, column: 5 } },
    })
  })

  test('without any, its words are told', () => {
    const failed = { treeFolder: '/tree', file: 'b.c', output: 'Killed\n', isReduced: true }
    expect(clangError(failed)).toMatchObject({
      message: 'clang does not compile it: Killed',
      where: { source: { file: 'b.c', line: 1 } },
      hint: expect.stringContaining('vmlinux.h'),
    })
  })
})

describe.skipIf('missing' in compiler)('clang', () => {
  const clang = compiler as Compiler

  test('functions have the tags, lines and sections of the source, and are programs of the object', () => {
    const { functions, spec } = compiledObject(tree, `${FOLDER}/sample.c`, clang)
    const entry = functions.find(({ name }) => name === 'entry')
    expect(entry).toMatchObject({ section: 'socket', how: 'compiled' })
    expect(entry?.tags.map((tag) => tag.replace(/=\d+=/, '='))).toEqual([
      ...['comment:test_description=a "quoted" one', 'comment:test_expect_success'],
      ...['comment:test_expect_msg=first', 'comment:test_expect_msg=first'],
    ])
    const lines = tree.read(`${FOLDER}/sample.c`)?.split('\n') ?? []
    for (const { name, line } of functions) {
      expect(lines[line - 1]).toContain(name)
      expect(spec.programs.get(name)?.insns.length).toBeGreaterThan(0)
    }
  })

  test('objects are kept by all that they are made of', () => {
    const before = readdirSync(cacheFolder).length
    const bytes = clang.compile(`${FOLDER}/sample.c`)
    expect(readdirSync(cacheFolder).length).toBe(Math.max(1, before))
    expect(clang.compile(`${FOLDER}/sample.c`)).toEqual(bytes)
    const other = Compiler.find(tree, { cacheFolder, cpu: 'v2' }) as Compiler
    expect(other.compile(`${FOLDER}/sample.c`)).not.toEqual(bytes)
    expect(readdirSync(cacheFolder).length).toBe(Math.max(1, before) + 1)
  })

  test('what it refuses is an error at the line, and no such file is another', () => {
    expect(() => clang.compile(`${FOLDER}/unreadable.c`)).toThrow(
      expect.objectContaining({ code: 'CONFORMANCE_SOURCE', message: expect.stringContaining('clang') }),
    )
    expect(() => clang.compile('progs/none.c')).toThrow(expect.objectContaining({ code: 'CONFORMANCE_NO_SUCH_FILE' }))
  })
})

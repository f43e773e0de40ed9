import { join } from 'node:path'
import { formatLlvmInsn } from '@bpfoundry/isa'
import { expect, test } from 'vitest'
import { KernelTree } from '../../../src/kernel-tree/kernel-tree.ts'
import type { AnnotatedObject } from '../../../src/kernel-tree/progs/annotated-object.ts'
import { assembledObject } from '../../../src/kernel-tree/progs/asm/assembled-object.ts'
import { compiledObject } from '../../../src/kernel-tree/progs/compiler/compiled-object.ts'
import { Compiler } from '../../../src/kernel-tree/progs/compiler/compiler.ts'
import { assembledNames, assembledPart } from './clang-comparison.ts'

const tree = new KernelTree(join(import.meta.dirname, 'sample-tree'))
const SAMPLE = 'tools/testing/selftests/bpf/progs/sample.c'

function howOf({ functions }: AnnotatedObject): object {
  return Object.fromEntries(functions.map(({ name, how }) => [name, how]))
}

function listing({ spec }: AnnotatedObject, name: string): string[] {
  const insns = spec.programs.get(name)?.insns ?? []
  return insns.map((insn, pc) => formatLlvmInsn(insn, insns[pc + 1])).filter((line) => line !== '<unknown>')
}

test('naked functions are assembled, others need clang, with the reason', () => {
  expect(howOf(assembledObject(tree, SAMPLE))).toEqual({
    entry: 'assembled',
    target: 'assembled',
    registers: 'assembled',
    kernel: 'assembled',
    statements: 'assembled',
    plain: { needs: 'clang', detail: "the body of 'plain' is C" },
    calls_compiled: { needs: 'clang', detail: "it uses 'compiled': the body of 'compiled' is C" },
  })
})

test('functions are told with line, section and annotations in the order of the source', () => {
  const [entry] = assembledObject(tree, SAMPLE).functions
  expect(entry).toMatchObject({ name: 'entry', section: 'socket', line: 99 })
  expect(entry?.tags.map((tag) => tag.replace(/=\d+=/, '=N='))).toEqual([
    'comment:test_description=a "quoted" one',
    'comment:test_expect_success',
    'comment:test_expect_msg=N=first',
    'comment:test_expect_msg=N=first',
  ])
})

test('operands are put in: helpers, constants, addresses, instructions, labels', () => {
  // As llvm-objdump 19 shows the object that clang 19 makes of the sample.
  expect(listing(assembledObject(tree, SAMPLE), 'entry')).toEqual([
    'r1 = 0x0',
    '*(u64 *)(r10 - 0x8) = r1',
    'r2 = r10',
    'r2 += -0x8',
    'ld_pseudo\tr1, 0x1, 0x0',
    'call 0x1',
    'if r0 == 0x0 goto +0x3',
    'r0 = *(u8 *)(r0 + 0x14)',
    'r0 s%= 0x7',
    'r0 &= -0x20',
    'exit',
  ])
})

test('data is laid out and initialised', () => {
  const { spec } = assembledObject(tree, SAMPLE)
  const hex = (map: string): string => {
    const value = spec.maps.get(map)?.contents[0]?.value
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : ''
  }
  // What clang 19 has there.
  expect(hex('.rodata')).toBe(
    `8967452301000000${'61000000000000000000000000000080'}${'0100010000000000'}${'0000000000000000ffffffffffffffff'}${'0'.repeat(16)}`,
  )
  expect(hex('.data')).toBe(
    [
      ...['0100feff00000000ff7f', '000000000000', 'ffffffffffffffff0000000000000000ad00000006000000', '0'.repeat(16)],
      ...['0'.repeat(64), '0'.repeat(40), '61626300', '0100000000000000', '6162000063646566', '0'.repeat(16)],
      ...['ffffffff', '01', 'ff'],
    ].join(''),
  )
})

test('everything is as in the object that clang makes', (ctx) => {
  const compiler = Compiler.find(tree, { cacheFolder: false })
  if ('missing' in compiler) return ctx.skip(compiler.missing)
  const ours = assembledObject(tree, SAMPLE)
  const names = assembledNames(ours)
  expect(names.size).toBe(5)
  expect(assembledPart(ours, names)).toEqual(assembledPart(compiledObject(tree, SAMPLE, compiler), names))
})

test('what is not read is told by place, and leaves the other functions alone', () => {
  const object = assembledObject(tree, 'tools/testing/selftests/bpf/progs/unreadable.c')
  expect(howOf(object)).toEqual({
    mnemonic: { needs: 'unread', detail: expect.stringMatching(/frobnicate.*unreadable\.c:11:/) },
    operand: { needs: 'unread', detail: expect.stringMatching(/operand.*unreadable\.c:19:/) },
    unknown_type: { needs: 'unread', detail: expect.stringMatching(/unheard_of.*unreadable\.c:25:/) },
    variable: { needs: 'unread', detail: expect.stringMatching(/unreadable\.c:6:/) },
    memory: { needs: 'clang', detail: "'memory' has an operand 'odd' of constraint \"m\"" },
    modifier: { needs: 'unread', detail: expect.stringMatching(/escape.*unreadable\.c:43:/) },
    position: { needs: 'unread', detail: expect.stringMatching(/operand.*unreadable\.c:49:/) },
    percent: { needs: 'unread', detail: expect.stringMatching(/escape.*unreadable\.c:55:/) },
    registers: { needs: 'unread', detail: expect.stringMatching(/no register is left.*unreadable\.c:61:/) },
    nowhere: { needs: 'unread', detail: expect.stringMatching(/'nothing_of_this_name'/) },
    large: { needs: 'unread', detail: expect.stringMatching(/'huge' is too large.*unreadable\.c:70:/) },
    readable: 'assembled',
  })
  expect([...object.spec.programs.keys()]).toEqual(['readable'])
})

test('a file that a loader refuses has no program, with the reason', () => {
  const object = assembledObject(tree, 'tools/testing/selftests/bpf/progs/refused.c')
  expect(howOf(object)).toEqual({ program: { needs: 'unread', detail: expect.stringMatching(/'typeless'/) } })
  expect(object.spec.programs.size).toBe(0)
})

test('a file that is not there is an error', () => {
  expect(() => assembledObject(tree, 'nowhere.c')).toThrow(expect.objectContaining({ code: 'CONFORMANCE_SOURCE' }))
})

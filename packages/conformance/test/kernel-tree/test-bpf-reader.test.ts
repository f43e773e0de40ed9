/** Reading lib/test_bpf.c, on a tree of our own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { afterAll, describe, expect, it } from 'vitest'
import { KernelTree, type SuiteReading, suiteFiles } from '../../src/index.ts'
import { DECLARATIONS, TESTS, writeTestBpfTree } from './test-bpf-tree.ts'

/** Where the first test's brace stands. */
const FIRST_LINE = (DECLARATIONS + TESTS.slice(0, TESTS.indexOf('fragment'))).split('\n').length

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function read(tests: string): SuiteReading {
  const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-test-bpf-'))
  folders.push(folder)
  writeTestBpfTree(folder, tests)
  return suiteFiles(new KernelTree(folder), ['test_bpf'], {})[0]?.read() as SuiteReading
}

describe('the tests of lib/test_bpf.c', () => {
  const { cases, problems } = read(TESTS)
  const question = (id: string): object => cases.find((one) => one.id === `test_bpf/${id}`)?.question() ?? {}

  it('have an id by kind and index, and the line of their brace', () => {
    expect(problems).toEqual([])
    expect(cases.map(({ id, line, name }) => [id, line - FIRST_LINE, name])).toEqual([
      ['test_bpf/classic#0', 0, 'fragment'],
      ['test_bpf/classic#1', 1, 'refused'],
      ['test_bpf/internal#2', 2, 'plain'],
      ['test_bpf/internal#3', 3, 'large'],
      ['test_bpf/internal#4', 4, 'made'],
      ['test_bpf/internal#5', 5, 'too far'],
      ['test_bpf/internal#6', 6, 'of tomorrow'],
      ['test_bpf/tail-call#0', 9, 'leaf'],
      ['test_bpf/tail-call#1', 10, 'counts'],
      ['test_bpf/skb-segment#0', 12, 'segments'],
    ])
  })

  it('are classic programs with their data, fragment and refusal', () => {
    const classic = { insns: [{ code: 6, jt: 0, jf: 0, k: 7 }] }
    expect(question('classic#0')).toMatchObject({
      kind: 'classic',
      classic: {
        insns: [...classic.insns, { code: 6, jt: 0, jf: 0, k: 0 }],
        data: Uint8Array.of(1, 2),
        fragment: Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0),
        runs: [
          { dataBytes: 2, result: 7 },
          { dataBytes: 0, result: 8 },
        ],
      },
    })
    expect(question('classic#1')).toMatchObject({ classic: { ...classic, noData: true, refusedWith: 22, runs: [] } })
  })

  it('are internal programs, as long as the kernel counts them, with their context', () => {
    const plain = [BPF_MOV64_IMM(0, -1), BPF_EXIT_INSN()]
    expect(question('internal#2')).toMatchObject({
      kind: 'internal',
      internal: { insns: plain, context: 'socket-buffer', runs: [{ dataBytes: 0, result: 0xffff_ffff }] },
    })
    expect(question('internal#3')).toMatchObject({
      internal: { context: 'memory', runs: [{ dataBytes: 64, result: 1 }] },
    })
    expect(question('internal#3')).toHaveProperty('internal.insns.length', 3)
    expect(question('internal#4')).toHaveProperty('internal.insns.length', 4096)
  })

  it.each([
    ['internal#5', 5, 'no sequence of staggered jumps has that result'],
    ['internal#6', 6, 'fill_helper bpf_fill_of_tomorrow is not known'],
  ])('tell the place of what is not made: %s', (id, line, message) => {
    const detail = `lib/test_bpf.c:${FIRST_LINE + line}: ${message}`
    expect(question(id)).toEqual({ kind: 'not-runnable', reason: 'unread', detail })
  })

  it('are tail calls with the programs of all of them', () => {
    expect(question('tail-call#1')).toMatchObject({
      kind: 'tail-call',
      tailCall: {
        programs: [[BPF_MOV64_IMM(0, 1), BPF_EXIT_INSN()], [BPF_EXIT_INSN()]],
        index: 1,
        needsState: true,
        resultInState: true,
        times: 3,
        result: 0xffff_ffff,
      },
    })
  })

  it('are no question where the kernel has code in the place of data', () => {
    expect(question('skb-segment#0')).toMatchObject({ kind: 'not-runnable', reason: 'not-data' })
  })
})

it('a table that is not read leaves the others, and tells where', () => {
  const { cases, problems } = read(TESTS.replace('RET(7), RET(0)', 'RET(UNKNOWN)'))
  expect(cases.map(({ id }) => id)).toEqual(['test_bpf/tail-call#0', 'test_bpf/tail-call#1', 'test_bpf/skb-segment#0'])
  expect(problems).toMatchObject([{ code: 'C_NAME', where: { source: { file: 'lib/test_bpf.c', line: FIRST_LINE } } }])
})

/** lib/test_bpf.c of the user's kernel tree: read, and run on every engine. */
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { describe, expect, it } from 'vitest'
import {
  type Answer,
  askInternal,
  askInternalOf,
  askTailCalls,
  type BareMachine,
  type ConformanceCase,
  createRunningKernel,
  type InternalCase,
  KernelTree,
  type SuiteCase,
  type SuiteReading,
  suiteFiles,
} from '../../src/index.ts'
import { findKernelTree } from './kernel-tree.ts'
import { MACHINES, type MachineRow } from './machines.ts'

/** `GENERATED=1`: also the long programs that functions make, 14.5 million instructions. */
const GENERATED = process.env['GENERATED'] === '1'
const LONG = /(magnitudes|register combinations|byte patterns)$|^(Staggered jumps|Long conditional jump): /
const LONG_TEST_MS = 3_600_000
const THOROUGH = GENERATED || process.env['CI'] !== undefined
/** A kernel verifies what it is to run: every tenth program, and none of those that would take it minutes. */
const KERNEL_STEP = 10
const KERNEL_INSNS = 40_000

/** All, or every so many-th for those who wait; `on` whom the others are not run. */
function every<One>(step: number, all: readonly One[], on: string): readonly One[] {
  const some = all.filter((_, index) => THOROUGH || index % step === 0)
  if (some.length < all.length) console.log(`skipped: ${all.length - some.length} programs on ${on}: CI=1 runs them`)
  return some
}

/** What 6.1 and later have at least, by kind. */
const LEAST = { classic: 134, internal: 890, 'tail-call': 10, 'skb-segment': 2 }

const found = findKernelTree()
if ('missing' in found) console.log(`skipped: all tests of lib/test_bpf.c: ${found.missing}`)

let reading: SuiteReading | undefined
/** Read when it is first asked for. */
function suite(): SuiteReading {
  const folder = 'folder' in found ? found.folder : ''
  reading ??= suiteFiles(new KernelTree(folder), ['test_bpf'], {})[0]?.read() as SuiteReading
  return reading
}

const ofKind = (kind: string): readonly SuiteCase[] =>
  suite().cases.filter(({ id }) => id.startsWith(`test_bpf/${kind}#`))

const isAsked = ({ name }: SuiteCase): boolean => GENERATED || !LONG.test(name)

async function failures(machine: BareMachine, cases: readonly SuiteCase[]): Promise<readonly object[]> {
  const answers: Answer[] = []
  for (const { question } of cases) answers.push(await ask(machine, question() as ConformanceCase))
  return answers
    .filter(({ pass }) => pass !== true)
    .map(({ id, differs }) => ({ test: cases.find((one) => one.id === id)?.name, id, differs }))
}

async function ask(machine: BareMachine, one: ConformanceCase): Promise<Answer> {
  if (one.kind === 'internal') return askInternal(machine, one.internal)
  if (one.kind === 'tail-call') return askTailCalls(machine, one.tailCall)
  throw new Error(`no machine runs ${one.kind} cases`)
}

describe.skipIf('missing' in found)('lib/test_bpf.c', () => {
  it('is read without a problem', () => {
    expect(suite().problems.map(String)).toEqual([])
    for (const [kind, least] of Object.entries(LEAST)) expect(ofKind(kind).length, kind).toBeGreaterThanOrEqual(least)
    expect(new Set(suite().cases.map(({ id }) => id)).size).toBe(suite().cases.length)
  })

  it('gives a question for every test, but for those that are no data', { timeout: LONG_TEST_MS }, () => {
    const asked = suite().cases.filter(isAsked)
    const left = suite().cases.length - asked.length
    if (left > 0) console.log(`skipped: ${left} long generated programs of lib/test_bpf.c: GENERATED=1 runs them`)
    const unasked = asked.flatMap(({ id, question }) => {
      const one = question()
      return one.kind === 'not-runnable' ? [`${id}: ${one.reason}`] : []
    })
    expect(unasked).toEqual(['test_bpf/skb-segment#0: not-data', 'test_bpf/skb-segment#1: not-data'])
  })

  describe.each(MACHINES)('on $name', ({ name, missing, make, step }: MachineRow) => {
    it('internal programs give the results that the kernel has', { timeout: LONG_TEST_MS }, async ({ skip }) => {
      if (missing !== undefined) return skip(`${ofKind('internal').length} internal programs: ${missing}`)
      const run = every(step, ofKind('internal').filter(isAsked), name)
      const machine = make()
      expect(await failures(machine, run)).toEqual([])
      machine.close()
    })

    it('tail calls give the results that the kernel has', async ({ skip }) => {
      if (missing !== undefined) return skip(`${ofKind('tail-call').length} tail-call programs: ${missing}`)
      const machine = make()
      expect(await failures(machine, ofKind('tail-call'))).toEqual([])
      machine.close()
    })
  })

  it('the running kernel gives its own results, where its verifier takes a program', { timeout: LONG_TEST_MS }, ({
    skip,
  }) => {
    const oracle = kernelOracle()
    if ('unavailable' in oracle) return skip(`the running kernel on internal programs: ${oracle.unavailable}`)
    const run = every(KERNEL_STEP, ofKind('internal').filter(isAsked), 'the running kernel')
    const cases = run
      .map(({ question }) => (question() as { readonly internal: InternalCase }).internal)
      .filter(({ insns }) => insns.length <= KERNEL_INSNS)
    const kernel = createRunningKernel(oracle)
    const answers = cases.map((one) => ({ ...askInternalOf(kernel, one), expected: one.runs[0]?.result }))
    const taken = answers.filter(({ unsupported }) => unsupported === undefined)
    expect(taken.filter(({ retval, expected }) => retval !== expected)).toEqual([])
    expect(taken.length).toBeGreaterThan(0.9 * cases.length)
    oracle.close()
  })
})

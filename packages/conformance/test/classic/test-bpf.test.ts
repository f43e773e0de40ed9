import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { ENGINE_NAMES, engineByName } from '@bpfoundry/testbench'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  askClassic,
  askClassicOf,
  type ClassicCase,
  type ClassicRunner,
  createClassicRunner,
  createRunningKernel,
  createTranslatedRunner,
} from '../../src/index.ts'
import { KernelTree } from '../../src/kernel-tree/kernel-tree.ts'
import { testBpfFiles } from '../../src/kernel-tree/test-bpf/test-bpf-files.ts'
import { findKernelTree } from '../kernel-tree/kernel-tree.ts'

const CASES = 134
/** Translated, the longest programs have 45,000 instructions: compiled where CI waits for it. */
const THOROUGH = process.env['CI'] !== undefined
const MOST_COMPILED = 1000
const found = findKernelTree()
const asked = kernelOracle()
let read: readonly ClassicCase[] | undefined

/** The classic tests of lib/test_bpf.c. */
function classicCases(folder: string): readonly ClassicCase[] {
  read ??= testBpfFiles(new KernelTree(folder))
    .flatMap((file) => file.read().cases)
    .filter(({ id }) => id.startsWith('test_bpf/classic#'))
    .map(({ question }) => question())
    .flatMap((question) => (question.kind === 'classic' ? [question.classic] : []))
  return read
}

const engines: Readonly<Record<string, () => ClassicRunner>> = {
  cbpf: () => createClassicRunner(),
  ...Object.fromEntries(
    ENGINE_NAMES.filter((name) => name !== 'auto').map((name) => [
      name,
      () => createTranslatedRunner(engineByName(name)),
    ]),
  ),
}

const COMPILERS: ReadonlySet<string> = new Set(ENGINE_NAMES.filter((name) => name !== 'interpreter'))

describe('lib/test_bpf.c, classic tests', () => {
  for (const [engine, make] of Object.entries(engines)) {
    test(`${engine} gives the result of each`, ({ skip }) => {
      if ('missing' in found) return skip(`${CASES} programs: ${found.missing}`)
      const cases = classicCases(found.folder)
      expect(cases.length).toBe(CASES)
      const runner = make()
      const run =
        THOROUGH || !COMPILERS.has(engine) ? cases : cases.filter(({ insns }) => insns.length <= MOST_COMPILED)
      if (run.length < cases.length) console.log(`skipped: ${cases.length - run.length} programs on ${engine}: CI=1`)
      const answers = run.map((one) => askClassic(runner, one))
      runner.close()
      expect(answers.filter(({ pass }) => pass !== true)).toEqual([])
    })
  }

  test('the running kernel gives the result of each that a test run can have', ({ skip }) => {
    if ('missing' in found) return skip(`${CASES} programs: ${found.missing}`)
    if ('unavailable' in asked) return skip(`${CASES} programs: ${asked.unavailable}`)
    const kernel = createRunningKernel(asked)
    const answers = classicCases(found.folder).map((one) => ({ one, answer: askClassicOf(kernel, one) }))
    const answered = answers.filter(({ answer }) => answer.error === undefined)
    expect(answered.length).toBeGreaterThan(80)
    const wrong = answered.filter(({ one, answer }) => !isAsExpected(one, answer))
    expect(wrong.map(({ one, answer }) => ({ name: one.name, answer }))).toEqual([])
  })
})

function isAsExpected({ runs }: ClassicCase, answer: Answer): boolean {
  const answers = answer.runs ?? [answer]
  return answer.load_ok === true && runs.every(({ result }, index) => answers[index]?.retval === result)
}

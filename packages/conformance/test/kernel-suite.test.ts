import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { describe, expect, test } from 'vitest'
import { askKernel } from './kernel-harness.ts'
import { readSuiteCase, suiteFiles } from './suite-files.ts'

const asked = kernelOracle()
const oracle = 'unavailable' in asked ? undefined : asked

/** Where Linux has reasons of its own (fixtures/conformance/SOURCES.md). */
const REFUSED_BY_LINUX = new Set(['callx.data', 'ld-imm64-func.data'])
const ACCEPTED_BY_LINUX = new Set(['negative/exit-off.data'])
/** The wording of 6.18; other versions may have another. */
const sameWords = oracle?.release.startsWith('6.18') === true

describe.skipIf(oracle === undefined)('the running kernel confirms the suite', () => {
  test.each([
    ['positive', (name: string) => !name.startsWith('negative/')],
    ['negative', (name: string) => name.startsWith('negative/')],
  ])('%s cases', (_, belongs) => {
    if (oracle === undefined) throw new Error('no kernel to ask')
    const wrong = suiteFiles()
      .filter(belongs)
      .flatMap((name): object[] => {
        const { insns, memory, expect: expected } = readSuiteCase(name)
        const answer = askKernel(oracle, insns, memory)
        if ('result' in expected) {
          const same = 'r0' in answer ? answer.r0 === expected.result : REFUSED_BY_LINUX.has(name)
          return same ? [] : [{ name, answer, expected }]
        }
        const refused =
          'refused' in answer ? !sameWords || answer.refused.includes(expected.error) : ACCEPTED_BY_LINUX.has(name)
        return refused ? [] : [{ name, answer, expected }]
      })
    expect(wrong).toEqual([])
  })
})

test('the kernel can be asked', ({ skip }) => {
  if ('unavailable' in asked) skip(asked.unavailable)
  expect(oracle?.openDescriptors).toBe(0)
})

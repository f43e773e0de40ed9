import { readFileSync } from 'node:fs'
import { kernelOracle } from '@bpfoundry/kernel-oracle'
import { engineByName } from '@bpfoundry/testbench'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  askBareOf,
  askVector,
  createEmulatedKernel,
  createRunningKernel,
  differences,
  readVector,
} from '../src/index.ts'
import { readSuiteCase, SUITE_FOLDER, suiteFiles } from './suite-files.ts'

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
    const kernel = createRunningKernel(oracle)
    const wrong = suiteFiles()
      .filter(belongs)
      .flatMap((name): object[] => {
        const bare = readSuiteCase(name)
        const { load_ok, r0, verifier_log } = askBareOf(kernel, bare)
        if ('result' in bare.expect) {
          const same = load_ok ? r0 === `0x${bare.expect.result.toString(16)}` : REFUSED_BY_LINUX.has(name)
          return same ? [] : [{ name, r0, verifier_log }]
        }
        const words = !sameWords || verifier_log?.includes(bare.expect.error)
        return (load_ok ? ACCEPTED_BY_LINUX.has(name) : words) ? [] : [{ name, r0, verifier_log }]
      })
    expect(wrong).toEqual([])
  })

  test('vectors get the same answers from the emulated kernel', () => {
    if (oracle === undefined) throw new Error('no kernel to ask')
    const kernels = [createEmulatedKernel(engineByName('interpreter')), createRunningKernel(oracle)] as const
    for (const text of readFileSync(`${SUITE_FOLDER}vectors.jsonl`, 'utf8').trim().split('\n')) {
      const vector = readVector({ file: 'vectors.jsonl', line: 1, text })
      const [ours, theirs] = kernels.map((kernel) => askVector(kernel, vector)) as [Answer, Answer]
      expect(differences(ours, theirs), text).toEqual([])
      expect(ours.insn_processed, text).toBe(theirs.insn_processed)
      expect(ours.stack_depth, text).toBe(theirs.stack_depth)
    }
  })
})

test('the kernel can be asked', ({ skip }) => {
  if ('unavailable' in asked) skip(asked.unavailable)
  expect(oracle?.openDescriptors).toBe(0)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Baseline, type CaseResult, ConformanceError, compareBaseline } from '../../src/index.ts'
import { FACTS, syntheticResults } from './synthetic-results.ts'

const BASELINE_FACTS = { release: '6.12', engines: FACTS.engines }
const results = [...syntheticResults(500)]
const baseline = Baseline.of(results, BASELINE_FACTS)

/** A result with another id or outcome. */
const like = (fields: Partial<CaseResult>): CaseResult => ({ ...(results[0] as CaseResult), ...fields })
const passed = (ids: readonly string[]): CaseResult[] => ids.map((id) => like({ id, outcome: 'passed' }))
const compare = (before: Baseline, now: readonly CaseResult[]): ReturnType<typeof compareBaseline> =>
  compareBaseline(before, now, FACTS.engines)

test('a run holds against its own baseline, read again', () => {
  const read = Baseline.read('b.json', baseline.toText())
  expect(read.size).toBe(results.filter(({ outcome }) => outcome === 'passed').length)
  const { lost, missing, unasked, gained, unknown, holds } = compare(read, results)
  expect({ lost, missing, unasked, gained, unknown, holds }).toEqual({
    ...{ lost: [], missing: [], unasked: [], gained: [], unknown: 0, holds: true },
  })
})

test('is the same text in whatever order results come, a line a file', async () => {
  const text = Baseline.of([...results].reverse(), BASELINE_FACTS).toText()
  expect(text).toBe(baseline.toText())
  await expect(text).toMatchFileSnapshot('golden/baseline.golden.json')
})

test('ids become ranges and names', () => {
  const ids = [
    's/a.c#0',
    's/a.c#1',
    's/a.c#2',
    's/a.c#10',
    's/a.c#1@unpriv',
    'p/b.c:one',
    'p/b.c:two',
    'p/c.c:x@unpriv',
  ]
  const lines = Baseline.of(passed(ids), BASELINE_FACTS)
    .toText()
    .split('\n')
    .filter((line) => line.includes('.c'))
  expect(lines.map((line) => line.trim().replace(/,$/, ''))).toEqual([
    '"p/b.c": "one two"',
    '"p/c.c@unpriv": "x"',
    '"s/a.c": "0-2 10"',
    '"s/a.c@unpriv": "1"',
  ])
})

test('any ids are told apart, and come back', () => {
  const id = fc.oneof(
    fc.string(),
    fc
      .tuple(fc.constantFrom('v/a.c#', 'v/a.c:', 'a'), fc.nat(20), fc.constantFrom('', '@unpriv', '-3'))
      .map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(fc.uniqueArray(id), fc.uniqueArray(id), (here, others) => {
      const before = Baseline.read('b.json', Baseline.of(passed(here), BASELINE_FACTS).toText())
      expect(here.every((one) => before.has(one))).toBe(true)
      expect(others.filter((one) => before.has(one) && !here.includes(one))).toEqual([])
    }),
  )
})

test('a case that passed and fails is lost', () => {
  const failing = results.map((result, index) => (index === 0 ? like({ outcome: 'failed', reason: 'log' }) : result))
  expect(compare(baseline, failing)).toMatchObject({ lost: [results[0]?.id], holds: false })
})

test('so is one that a reader drops, or can no longer read', () => {
  expect(compare(baseline, results.slice(1))).toMatchObject({ missing: ['verifier/and.c 0'], holds: false })
  const unread = results.map((result, index) => (index === 0 ? like({ outcome: 'not-run', reason: 'unread' }) : result))
  expect(compare(baseline, unread)).toMatchObject({ lost: [results[0]?.id], holds: false })
})

test('one that this machine has no compiler for is told, and not lost', () => {
  const none = results.map((result, index) =>
    index === 0 ? like({ outcome: 'not-run', reason: 'needs-clang' }) : result,
  )
  expect(compare(baseline, none)).toMatchObject({ unasked: [results[0]?.id], lost: [], holds: true })
})

test('what passes and did not is gained; files of which nothing is known are unknown', () => {
  const failing = results.find(({ outcome }) => outcome === 'failed') as CaseResult
  const now = [...results.filter((one) => one !== failing), { ...failing, outcome: 'passed' as const }]
  expect(compare(baseline, [...now, ...passed(['progs/new.c:x'])])).toMatchObject({
    gained: ['progs/new.c:x', failing.id],
    unknown: 1,
    holds: true,
  })
})

test('files that were not asked for are left alone, and stay in a new baseline', () => {
  const part = results.filter(({ file }) => file.endsWith('/and.c'))
  expect(compare(baseline, part).holds).toBe(true)
  expect(Baseline.of(part, BASELINE_FACTS, baseline).toText()).toBe(baseline.toText())
})

test('engines that the baseline was not made with are told', () => {
  expect(compareBaseline(baseline, results, ['wasm', 'arm64']).otherEngines).toEqual(['arm64'])
})

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['another schema', '{"$schema": "x"}'],
  ['no engines', '{"$schema": "bpfoundry.baseline/1", "release": "6.12", "passing": {}}'],
  [
    'a range without end',
    '{"$schema": "bpfoundry.baseline/1", "release": "6", "engines": [], "passing": {"a": "0-99999999"}}',
  ],
  [
    'a range that runs back',
    '{"$schema": "bpfoundry.baseline/1", "release": "6", "engines": [], "passing": {"a": "9-1"}}',
  ],
])('%s is no baseline', (_, text) => {
  expect(() => Baseline.read('b.json', text)).toThrow(ConformanceError)
})

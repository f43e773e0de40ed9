import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { describe, expect, test } from 'vitest'
import {
  type AskedCase,
  type CaseResult,
  ConformanceReport,
  caseResult,
  conformanceJson,
  createVector,
  judge,
  terminalReport,
} from '../../src/index.ts'
import { FACTS, syntheticReport, syntheticResults } from './synthetic-results.ts'

const OF = { id: 'verifier/a.c#0', suite: 'verifier', file: 'a.c', line: 1, name: 'a', privilege: 'full' } as const
const INSNS = [BPF_MOV64_IMM(0, 3), BPF_EXIT_INSN()]

function asked(fields: Partial<AskedCase> = {}): AskedCase {
  const vector = createVector({ id: OF.id, type: 6, insns: INSNS, expect: { load_ok: true, retval: 3 } })
  const answers = [{ id: OF.id, engine: 'wasm', load_ok: true, retval: 3, pass: true, verifier_log: 'ok' }]
  return { of: OF, question: { kind: 'vector', vector }, answers, ...fields }
}

describe('a result', () => {
  test('that is as expected carries no log and no listing', () => {
    const { outcome, expected, answers, listing, reason } = caseResult(asked())
    expect([outcome, expected, listing, reason]).toEqual(['passed', 'accepted; retval 3', undefined, undefined])
    expect(answers[0]).not.toHaveProperty('verifier_log')
  })

  test('tells why it fails by one word, and in words by engine', () => {
    const reasons = [{ kind: 'result', text: 'retval: 2, expected 3' }] as const
    const wrong = { id: 1, retval: 2, pass: false, differs: ['retval: 2, expected 3'], reasons, verifier_log: 'log' }
    const answers = ['wasm', 'x86_64'].map((engine) => ({ ...wrong, engine }))
    const result = caseResult(asked({ answers }))
    expect([result.outcome, result.reason]).toEqual(['failed', 'result'])
    expect(result.detail).toBe('wasm, x86_64: retval: 2, expected 3')
    expect(result.listing).toEqual(['   0: (b7) r0 = 3', '   1: (95) exit'])
    expect(result.answers[0]?.verifier_log).toBe('log')
  })

  test.each([
    ['nobody answered', { answers: [] }, 'no-answer'],
    ['an engine has an error', { answers: [{ id: 1, engine: 'wasm', error: 'no such map' }] }, 'no-answer'],
    ['the time limit ended it', { failure: { reason: 'timeout', detail: 'wasm: 10 s' } }, 'timeout'],
    ['the process ended', { answers: [], failure: { reason: 'crash', detail: 'wasm: SIGSEGV' } }, 'crash'],
  ] as const)('fails where %s', (_, fields, reason) => {
    expect(caseResult(asked(fields))).toMatchObject({ outcome: 'failed', reason })
  })

  test('that is not runnable is no failure', () => {
    const question = { kind: 'not-runnable', reason: 'needs-clang', detail: 'in C' } as const
    expect(caseResult(asked({ question, answers: [] }))).toMatchObject({ outcome: 'not-run', reason: 'needs-clang' })
  })

  test('says where the running kernel answers otherwise', () => {
    const kernel = { id: 1, engine: 'kernel', load_ok: false, errno: 'EACCES', verifier_log: 'no' }
    const { outcome, differsFromKernel, listing } = caseResult(asked({ kernel }))
    expect([outcome, listing?.length]).toEqual(['passed', 2])
    expect(differsFromKernel).toEqual(['wasm: load_ok: true, kernel says false'])
  })

  test('keeps the beginning and the end of a long log, and part of a long program', () => {
    const verifier_log = Array.from({ length: 5000 }, (_, line) => `line ${line}`).join('\n')
    const answers = [{ id: 1, engine: 'wasm', pass: false, verifier_log }]
    const insns = Array.from({ length: 5000 }, () => BPF_MOV64_IMM(0, 0))
    const question = { kind: 'vector', vector: createVector({ id: 1, type: 6, insns }) } as const
    const result = caseResult(asked({ answers, question }))
    const lines = result.answers[0]?.verifier_log?.split('\n') ?? []
    expect([lines[0], lines.at(-1), lines.length < 400]).toEqual(['line 0', 'line 4999', true])
    expect(lines.find((line) => line.includes('omitted'))).toBe('(4700 lines omitted)')
    expect(result.listing?.at(-1)).toBe('(and so on: 5000 instruction slots)')
  })

  test('divides its time into phases', () => {
    const answers = [{ id: 1, engine: 'wasm', pass: true, load_us: 2000 }]
    const { durationMs, phasesMs } = caseResult(asked({ answers, times: { readMs: 1, enginesMs: 5 } }))
    expect([durationMs, phasesMs]).toEqual([6, { read: 1, load: 2, run: 3 }])
  })
})

describe('a report', () => {
  test('adds up: held = ran + not run, ran = passed + failed, files = suites = totals', () => {
    const report = syntheticReport(2000)
    const { totals } = report
    expect(totals.held).toBe(2000)
    for (const row of [totals, ...report.files(), ...report.suites()]) {
      expect([row.held, row.ran]).toEqual([row.ran + row.notRun, row.passed + row.failed])
    }
    for (const name of ['held', 'ran', 'passed', 'failed', 'notRun'] as const) {
      expect(report.files().reduce((sum, row) => sum + row[name], 0)).toBe(totals[name])
    }
    const reasons = report.reasons()
    const sum = (outcome: string): number =>
      reasons.filter((row) => row.outcome === outcome).reduce((cases, row) => cases + row.cases, 0)
    expect([sum('failed'), sum('not-run')]).toEqual([totals.failed, totals.notRun])
  })

  test('is the same in whatever order results come', () => {
    const [forth, back] = [new ConformanceReport(FACTS), new ConformanceReport(FACTS)]
    const results = [...syntheticResults(300)]
    for (const result of results) forth.add(result)
    for (const result of results.reverse()) back.add(result)
    expect(conformanceJson(back)).toEqual(conformanceJson(forth))
  })

  const privileges = (full: Partial<CaseResult>, none: Partial<CaseResult>): ConformanceReport => {
    const report = new ConformanceReport(FACTS)
    const result = caseResult(asked())
    report.add({ ...result, ...full })
    report.add({ ...result, id: `${OF.id}@unpriv`, privilege: 'unprivileged', ...none })
    return report
  }

  test('counts a case once, with the worst that came of it', () => {
    const failed = { outcome: 'failed', reason: 'log' } as const
    expect(privileges({}, failed).totals).toMatchObject({ held: 1, failed: 1, passed: 0, asked: 2 })
    expect(privileges(failed, {}).totals).toMatchObject({ held: 1, failed: 1, passed: 0, asked: 2 })
    expect(privileges({}, { outcome: 'not-run', reason: 'unread' }).totals).toMatchObject({ passed: 1, notRun: 0 })
    expect(privileges(failed, {}).reasons()).toMatchObject([{ reason: 'log', cases: 1 }])
  })

  test('counts what a file holds and nobody told of as not run', () => {
    const report = syntheticReport(100)
    report.hold('verifier', 'tools/testing/selftests/bpf/verifier/and.c', 25)
    expect(report.files()[0]).toMatchObject({ held: 25, ran: 9, notRun: 16 })
  })

  test('says how often the running kernel answers the same', () => {
    const { asked: times, agree, differ, disagreements } = syntheticReport(700).agreement() ?? {}
    expect(times).toBe((agree ?? 0) + (differ ?? 0))
    expect(disagreements).toHaveLength(differ ?? 0)
  })

  test('says what unsupported questions lack', () => {
    const report = new ConformanceReport(FACTS)
    for (const [index, unsupported] of [['kfuncs', 'a map, which is not made'], ['kfuncs']].entries()) {
      const answers = ['wasm', 'x86_64'].map((engine) => judge({ id: 1, engine, unsupported }, { load_ok: true }))
      report.add(caseResult(asked({ of: { ...OF, id: `verifier/a.c#${index}` }, answers })))
    }
    expect(report.reasons()).toMatchObject([{ reason: 'unsupported', cases: 2 }])
    expect(report.unsupported()).toEqual([
      { what: 'kfuncs', questions: 2 },
      { what: 'a map, which is not made', questions: 1 },
    ])
    const { tables } = terminalReport(report)
    expect(tables.find(({ head }) => head[0] === 'unsupported')?.rows).toEqual([
      ['kfuncs', 2],
      ['a map, which is not made', 1],
    ])
  })

  test('is JSON with a schema', async () => {
    const json = conformanceJson(syntheticReport(40))
    await expect(`${JSON.stringify(json, null, 2)}\n`).toMatchFileSnapshot('golden/report.golden.json')
  })
})

describe('the summary for people', () => {
  test('shows files where something failed, or all of them', () => {
    const report = syntheticReport(30, 30)
    const heads = ({ tables }: ReturnType<typeof terminalReport>): (string | undefined)[] =>
      tables.map(({ head }) => head[0])
    expect(heads(terminalReport(report))).toEqual(['file', 'suite', 'outcome', 'engine'])
    expect(terminalReport(report).tables[0]?.rows).toHaveLength(1)
    expect(terminalReport(report, { verbose: true }).tables[0]?.rows).toHaveLength(10)
  })

  test('ends with the rate', () => {
    const { lines } = terminalReport(syntheticReport(700))
    expect(lines).toEqual([
      'Linux 6.18.5 was asked 637 times: 546 the same, 91 otherwise; itself 637 as the vectors expect, 0 in other words, 0 otherwise',
      '546 of 637 passed (85.71 % of those that ran), in 12.3 s on 2 workers: 57 cases a second',
    ])
  })
})

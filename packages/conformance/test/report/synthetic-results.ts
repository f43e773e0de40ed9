import { BPF_ADD, BPF_ALU64_IMM, BPF_EXIT_INSN, BPF_LDX_MEM, BPF_MOV64_IMM, BPF_W } from '@bpfoundry/isa'
import {
  type Answer,
  type CaseResult,
  ConformanceReport,
  caseResult,
  createVector,
  type RunFacts,
} from '../../src/index.ts'

/** A run as reports see one; no kernel's text is in it. */
export const FACTS: RunFacts = {
  source: '/src/linux-6.12',
  release: '6.12.95',
  engines: ['interpreter', 'wasm', 'x86_64'],
  oracle: '6.18.5',
  startedAt: '2026-01-02T03:04:05.000Z',
  wallMs: 12_345,
  workers: 2,
}

const FILES = [
  'and',
  'bounds',
  'calls',
  'ctx_skb',
  'jump',
  'loops',
  'map_ptr',
  'spill_fill',
  'stack_ptr',
  'unpriv',
] as const

/** Every seventh fails, every eleventh is not run, some failures are others than the kernel's; the same each time. */
export function* syntheticResults(count: number, failEvery = 7): Generator<CaseResult> {
  for (let index = 0; index < count; index++) yield syntheticResult(index, failEvery)
}

export function syntheticReport(count: number, failEvery?: number): ConformanceReport {
  const report = new ConformanceReport(FACTS)
  for (const result of syntheticResults(count, failEvery)) report.add(result)
  return report
}

function syntheticResult(index: number, failEvery: number): CaseResult {
  const name = FILES[index % FILES.length] as string
  const place = Math.floor(index / FILES.length)
  const of = {
    id: `verifier/${name}.c#${place}`,
    suite: 'verifier',
    file: `tools/testing/selftests/bpf/verifier/${name}.c`,
    line: 10 + 14 * place,
    name: `${name}: offset ${place} of a <context> & more`,
    privilege: 'full',
  } as const
  const times = { readMs: 0.25, enginesMs: 1 + (index % 13), kernelMs: 0.5 }
  if (index % 11 === 10) {
    const question = {
      kind: 'not-runnable',
      reason: 'needs-clang',
      detail: `${name}_${place} is written in C`,
    } as const
    return caseResult({ of, question, answers: [], times: { readMs: 0.25 } })
  }
  const fails = index % failEvery === failEvery - 1
  const vector = createVector({
    id: of.id,
    type: 6,
    insns: [
      BPF_MOV64_IMM(0, 0),
      BPF_LDX_MEM(BPF_W, 2, 1, 4 * place),
      BPF_ALU64_IMM(BPF_ADD, 0, index),
      BPF_EXIT_INSN(),
    ],
    expect: { load_ok: true, retval: 0 },
  })
  const answers = FACTS.engines.map((engine) => answer(of.id, engine, index, fails))
  const kernel = answer(of.id, 'kernel', index, false)
  return caseResult({ of, question: { kind: 'vector', vector }, answers, kernel, times })
}

function answer(id: string, engine: string, index: number, fails: boolean): Answer {
  const verifier_log = syntheticLog(index, fails)
  if (!fails)
    return { id, engine, load_ok: true, errno: 0, load_us: 700, retval: 0, run_errno: 0, verifier_log, pass: true }
  const wrong = { kind: index % 3 === 0 ? 'log' : 'refused', text: 'load_ok: false, expected true' } as const
  const refused = { load_ok: false, errno: 'EACCES', load_us: 700, verifier_log }
  return { id, engine, ...refused, pass: false, differs: [wrong.text], reasons: [wrong] }
}

/** As long as a verifier's, from 20 to 49 instructions. */
const TRACES = Array.from({ length: 30 }, (_, longer) =>
  Array.from(
    { length: 20 + longer },
    (_insn, at) => `${at}: (07) r${at % 6} += ${at}    ; R${at % 6}=scalar(umax=${at * 17})\n`,
  ).join(''),
)

function syntheticLog(index: number, fails: boolean): string {
  const refusal = fails ? `invalid access of off=${index} size=4\n` : ''
  const trace = TRACES[index % TRACES.length]
  return `func#0 @0\n0: R1=ctx() R10=fp0\n${trace}${refusal}processed 24 insns (limit 1000000) max_states_per_insn 0\n`
}

/** One failure that has `text` wherever a text can be. */
export function hostileReport(text: string): ConformanceReport {
  const report = new ConformanceReport({ ...FACTS, source: text, notes: [text] })
  const of = { id: text, suite: 'vectors', file: text, line: 1, name: text, privilege: 'full' } as const
  const vector = createVector({ id: text, type: 6, insns: [BPF_EXIT_INSN()], expect: { log: text } })
  const refused = { id: text, load_ok: false, verifier_log: `${text}\nend` }
  const answers = [{ ...refused, engine: 'wasm', pass: false, differs: [text] }]
  const kernel = { ...refused, engine: 'kernel', verifier_log: `start\n${text}`, error: text }
  report.add(caseResult({ of, question: { kind: 'vector', vector }, answers, kernel, differsFromKernel: [text] }))
  report.add(caseResult({ of, question: { kind: 'not-runnable', reason: 'unread', detail: text }, answers: [] }))
  report.problem(text)
  return report
}

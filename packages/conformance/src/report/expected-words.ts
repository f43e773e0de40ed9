import type { ConformanceCase } from '../case-source.ts'
import type { ClassicCase } from '../classic/classic-case.ts'
import type { DataExpectation } from '../data-file/data-file.ts'
import type { Expectation } from '../vector/expectation.ts'

/** What a case expects, for people: `accepted; retval 3`. Empty where nothing is expected. */
export function expectedWords(question: ConformanceCase): string {
  switch (question.kind) {
    case 'bare':
      return bareWords(question.bare.expect)
    case 'vector':
      return vectorWords(question.vector.expect ?? {})
    case 'classic':
      return classicWords(question.classic)
    case 'internal':
      return runWords(question.internal.runs)
    case 'tail-call':
      return `${question.tailCall.result} after ${question.tailCall.times} runs`
  }
}

function bareWords(expect: DataExpectation): string {
  return 'result' in expect ? `r0 0x${expect.result.toString(16)}` : `a failure: ${expect.error}`
}

function vectorWords({ load_ok, ...rest }: Expectation): string {
  const verdict = load_ok === undefined ? [] : [load_ok ? 'accepted' : 'refused']
  const fields = Object.entries(rest).flatMap(([name, wanted]) =>
    wanted === undefined ? [] : [`${name.replaceAll('_', ' ')} ${wordsOf(wanted)}`],
  )
  return [...verdict, ...fields].join('; ')
}

/** Texts of a log may hold anything; several follow each other. */
function wordsOf(wanted: unknown): string {
  if (Array.isArray(wanted)) return wanted.map(wordsOf).join(', ')
  return typeof wanted === 'string' && /[^\w.+-]/.test(wanted) ? JSON.stringify(wanted) : String(wanted)
}

function classicWords({ refusedWith, runs }: ClassicCase): string {
  return refusedWith === undefined ? runWords(runs) : `refused by the checker with errno ${refusedWith}`
}

function runWords(runs: readonly { readonly dataBytes: number; readonly result: number }[]): string {
  return runs.map(({ dataBytes, result }) => `${result} for ${dataBytes} bytes`).join('; ')
}

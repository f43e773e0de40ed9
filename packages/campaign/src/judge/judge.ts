import type { Answer, ConformanceCase } from '@bpfoundry/conformance'

/** Who answers cases: an engine under the emulated kernel, or the running kernel. */
export interface Judge {
  readonly name: string
  /** Whatever the case is, there is an answer. */
  answer(one: ConformanceCase): Promise<Answer>
  close(): void
}

/** The cases of one kind. */
export type CaseOf<Kind extends ConformanceCase['kind']> = Extract<ConformanceCase, { readonly kind: Kind }>

/** How a judge answers each kind of case. */
export type AnswerByKind = {
  readonly [Kind in ConformanceCase['kind']]: (one: CaseOf<Kind>) => Answer | Promise<Answer>
}

/** Answers a case by the row of its kind. */
export async function answerByKind(rows: AnswerByKind, one: ConformanceCase): Promise<Answer> {
  return (rows[one.kind] as (one: ConformanceCase) => Answer | Promise<Answer>)(one)
}

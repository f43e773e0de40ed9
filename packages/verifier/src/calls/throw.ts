/** `bpf_throw`: the program ends, whatever functions run. @see check_kfunc_call in kernel/bpf/verifier.c */
import { THROW } from '../program/exceptions.ts'
import { checkAnswer } from '../transfer/program-exit.ts'
import type { Verification } from '../verification.ts'
import { clearCallerSaved } from './helper-call.ts'
import { checkAllReferences } from './references.ts'
import { checkNoSection } from './sections.ts'

/** The number that is thrown is the program's answer where no callback makes one of it. */
const COOKIE = 1

export function transferThrow(v: Verification): void {
  if (!v.subprograms.some(({ isExceptionCallback }) => isExceptionCallback)) checkAnswer(v, COOKIE)
  clearCallerSaved(v)
  const { exitLeakWords } = v.profile
  if (exitLeakWords !== undefined) checkAllReferences(v, `${THROW} would lead to reference leak`)
  checkNoSection(v, THROW)
  checkAllReferences(v)
}

import type { ConformanceCase, NotRunnable, SuiteCase } from '@bpfoundry/conformance'

/** Makes the question of a case. What can't be read is not runnable, whatever it is that can't. */
export function questionOf(one: SuiteCase): ConformanceCase | NotRunnable {
  try {
    return one.question()
  } catch (error) {
    return { kind: 'not-runnable', reason: 'unread', detail: String(error) }
  }
}

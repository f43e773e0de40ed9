import type { KeptResult } from './report-rows.ts'

/** The log to show for all engines, which have one verifier: of the first that failed, else of the first. */
export function ourLog({ answers = [] }: KeptResult): string {
  const logged = answers.filter(({ verifier_log }) => verifier_log !== undefined && verifier_log !== '')
  const answer = logged.find(({ pass }) => pass === false) ?? logged[0]
  return (answer?.verifier_log ?? '').trimEnd()
}

/** A failure in full, as plain text: expectation, what was answered, instructions, logs. */
export function failureText(result: KeptResult): string {
  const { expected = '', detail = '', differsFromKernel = [], listing = [], kernel } = result
  const sections = [
    ['expected', expected],
    ['answered', detail],
    ['the running kernel says otherwise', differsFromKernel.join('\n')],
    ['instructions', listing.join('\n')],
    ['log', ourLog(result)],
    ["the running kernel's log", (kernel?.verifier_log ?? '').trimEnd()],
  ] as const
  return sections.flatMap(([title, text]) => (text === '' ? [] : [`${title}:\n${text}\n`])).join('\n')
}

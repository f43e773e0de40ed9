import { explanationText } from '../explain/explanation-text.ts'
import { adviceText } from '../offload/advice-text.ts'
import { formatTable } from '../output.ts'
import { hotLinesText } from './hot-lines.ts'
import type { Verdict } from './judge-programs.ts'

/** A line a verdict, then logs, explanations, hot lines and advice. */
export function verdictText(verdicts: readonly Verdict[]): string {
  if (verdicts.length === 0) return ''
  const head = ['object', 'program', 'type', 'verdict', 'insns', 'states', 'peak', 'us', 'stack', 'reason']
  const rows = verdicts.map((verdict) => [
    verdict.object,
    verdict.program,
    verdict.type,
    verdict.verdict === 'accepted' && verdict.offload !== undefined ? verdict.offload.verdict : verdict.verdict,
    verdict.stats.insnsProcessed,
    verdict.stats.totalStates,
    verdict.stats.peakStates,
    verdict.stats.verificationTimeUs,
    verdict.stats.stackDepthBytes.join('+'),
    reasonOf(verdict),
  ])
  const details = verdicts.flatMap(detailsOf)
  return `${formatTable(head, rows)}\n${details.map((text) => `\n${text.trimEnd()}\n`).join('')}`
}

function reasonOf({ rejection, offload }: Verdict): string {
  const reason = rejection?.message ?? offload?.blockers[0]?.message ?? ''
  return reason.trimEnd().split('\n').at(-1) ?? ''
}

function detailsOf({ object, program, stats, log, explanation, hot, offload }: Verdict): string[] {
  const name = `${object}: ${program}`
  return [
    ...(log === undefined ? [] : [`${name}:\n${log}`]),
    ...(explanation === undefined ? [] : [explanationText(name, explanation)]),
    ...(hot === undefined ? [] : [hotLinesText(name, hot, stats.insnsProcessed)]),
    ...(offload === undefined ? [] : [adviceText(name, offload)]),
  ]
}

import { linearRate, type ModelledRate, type RateQuestion } from '@bpfoundry/device'
import { GENERIC_COSTS } from './generic-costs.ts'

/**
 * Packets a second that a machine would do in generic mode: measured cost of each verdict, plus the program's
 * instructions. An estimate: it knows no cache misses of maps.
 */
export function genericRate(question: RateQuestion): ModelledRate {
  return linearRate('generic', GENERIC_COSTS, question)
}

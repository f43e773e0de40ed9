import { type HostCosts, hostRate, type ModelledRate, type RateQuestion } from '@bpfoundry/device'
import { GENERIC_COSTS } from './costs/generic-costs.ts'

/**
 * Packets a second that a machine would do in generic mode, by parts: driver, skb, stack, program, helpers, caches,
 * verdict. The driver has read the packet before the program does, so that it finds it in its caches.
 *
 * @param costs of another measured machine
 */
export function genericRate(question: RateQuestion, costs: HostCosts = GENERIC_COSTS): ModelledRate {
  const work = question.work === undefined ? {} : { work: { ...question.work, touched: 0 } }
  return hostRate('generic', costs, { ...question, ...work })
}

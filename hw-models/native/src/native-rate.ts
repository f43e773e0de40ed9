import { hostRate, type ModelledRate, type RateQuestion } from '@bpfoundry/device'
import { NATIVE_COSTS } from './costs/native-costs.ts'

/**
 * Packets a second that a machine with this card would do in native mode, by parts: driver, program, helpers, caches,
 * verdict, card and link.
 *
 * @param profile name of the card profile; without a row in {@link NATIVE_COSTS} the rate is undefined
 */
export function nativeRate(profile: string, question: RateQuestion): ModelledRate {
  const costs = NATIVE_COSTS[profile]
  if (costs !== undefined) return hostRate('native', costs, question)
  return {
    model: `native estimate (${profile})`,
    packetsPerSecond: undefined,
    limitedBy: undefined,
    nanosecondsPerPacket: undefined,
    sources: [],
    notes: [`no published cost of native XDP on ${profile}`],
  }
}

import type { ModelledRate, Nic, RateQuestion, XdpMode } from '@bpfoundry/device'
import { genericRate } from '@bpfoundry/generic'
import { nativeRate } from '@bpfoundry/native'
import { nfpCard, nfpRate, type PacketPath } from '@bpfoundry/nfp'

/**
 * What else a caller may know: the program's work, another clock, rings, how many packets go together; of a card's program
 * the ways that packets take through its words.
 */
export type RateFacts = Pick<RateQuestion, 'work' | 'gigahertz' | 'descriptors' | 'sharing'> & {
  readonly paths?: readonly PacketPath[]
}

/** Asks the mode's model how fast its hardware would have been with what the hook counted. */
export function modelledRate(
  nic: Nic,
  mode: XdpMode,
  stage: RateQuestion['stage'],
  facts: RateFacts = {},
): ModelledRate {
  const profile = nic.handle.profile
  const question: RateQuestion = {
    stage,
    cpus: nic.handle.cpus.length,
    descriptors: descriptorsOf(nic),
    ...facts,
    ...(profile.linkGbps === undefined ? {} : { linkGbps: profile.linkGbps }),
  }
  if (mode === 'offload') return nfpRate(nfpCard(profile.offload ?? ''), question)
  return mode === 'native' ? nativeRate(profile.name, question) : genericRate(question)
}

/** Receive descriptors of all queues, for each processor. */
function descriptorsOf({ handle }: Nic): number {
  return handle.queues.reduce((sum, { completion }) => sum + completion.capacity, 0) / handle.cpus.length
}

import type { XdpStageFactory } from '@bpfoundry/device'
import { genericStage } from '@bpfoundry/generic'
import { nativeStage } from '@bpfoundry/native'
import { nfpStage } from '@bpfoundry/nfp'
import type { CardPort } from './card-port.ts'

/** A packet's stations on a card, from the wire up: the card's own cores where it has any, the driver, the stack. */
export function stagesOf({ handle, cores }: CardPort): readonly XdpStageFactory[] {
  const host = handle.profile.native === undefined ? [genericStage] : [nativeStage, genericStage]
  return cores === undefined ? host : [nfpStage(cores), ...host]
}

import { createDriverPoll, type DriverPoll, type DriverPollOptions } from '@bpfoundry/device'
import { nativeStage } from './native-stage.ts'

/** The driver of a card on one CPU, with its native hook alone. A poll with several hooks is made by `createDriverPoll`. */
export function createNativePoll(options: Omit<DriverPollOptions, 'stages'>): DriverPoll {
  return createDriverPoll({ ...options, stages: [nativeStage] })
}

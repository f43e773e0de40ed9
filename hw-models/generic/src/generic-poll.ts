import { createDriverPoll, type DriverPoll, type DriverPollOptions } from '@bpfoundry/device'
import { genericStage } from './generic-stage.ts'

/** The driver of a card on one CPU, with the stack's generic hook alone. A poll with several hooks is made by `createDriverPoll`. */
export function createGenericPoll(options: Omit<DriverPollOptions, 'stages'>): DriverPoll {
  return createDriverPoll({ ...options, stages: [genericStage] })
}

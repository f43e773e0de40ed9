export { GENERIC_COSTS } from './generic-costs.ts'
export { createGenericPoll } from './generic-poll.ts'
export { genericRate } from './generic-rate.ts'
export { genericStage } from './generic-stage.ts'

export { NATIVE_COSTS } from './native-costs.ts'
export { createNativePoll } from './native-poll.ts'
export { nativeRate } from './native-rate.ts'
export { nativeStage } from './native-stage.ts'

export type { Arm64ErrorCode } from './arm64-error.ts'
export { Arm64Error } from './arm64-error.ts'
export type { Arm64Options } from './translate.ts'
export { translateArm64 } from './translate.ts'

export { fixUp } from './fixup/fix-up.ts'
export type * from './verifier-api.ts'
export { VerifierError } from './verifier-error.ts'
export { verify } from './verify.ts'

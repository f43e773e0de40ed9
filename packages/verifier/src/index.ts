export type * from './verifier-api.ts'

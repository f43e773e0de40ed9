export type * from './collection-spec.ts'

/** What the commands below `gen` do, for one bundle. */
export { minCoreBtf } from './min-core-btf-command.ts'
export { linkedObject } from './object-command.ts'
export { skeleton } from './skeleton-command.ts'

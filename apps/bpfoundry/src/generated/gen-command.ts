/** What the commands below `gen` do, for one bundle. */
export { skeleton } from './skeleton-command.ts'

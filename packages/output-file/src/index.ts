export { makeFolder } from './folder.ts'
export { WholeFile } from './whole-file.ts'

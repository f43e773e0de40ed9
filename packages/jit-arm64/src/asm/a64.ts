/** The assembler, for who writes other A64 code than BPF programs: functions that give instruction words. */
export * from './atomics.ts'
export * from './branches.ts'
export * from './condition.ts'
export * from './data-processing-immediate.ts'
export * from './data-processing-register.ts'
export * from './loads-and-stores.ts'
export * from './registers.ts'

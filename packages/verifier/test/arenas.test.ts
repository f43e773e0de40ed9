/** Arenas: memory shared with user space. */
import { ARENA_CASES, ARENA_SETTING } from './cases/arenas.ts'
import { compareWithKernel } from './support/kernel-comparison.ts'

compareWithKernel('arenas', ARENA_SETTING, ARENA_CASES)

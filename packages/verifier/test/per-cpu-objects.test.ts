/** Objects of a program's own that every CPU has one of, and pointers to them in maps. */
import { PER_CPU_CASES, PER_CPU_SETTING } from './cases/per-cpu-objects.ts'
import { compareWithKernel } from './support/kernel-comparison.ts'

compareWithKernel('per-CPU objects', PER_CPU_SETTING, PER_CPU_CASES)

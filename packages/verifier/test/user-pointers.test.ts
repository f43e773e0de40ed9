/** Pointers in values of tasks to memory that user space shares. */
import { USER_POINTER_CASES, USER_POINTER_SETTING } from './cases/user-pointers.ts'
import { compareWithKernel } from './support/kernel-comparison.ts'

compareWithKernel('memory of tasks', USER_POINTER_SETTING, USER_POINTER_CASES)

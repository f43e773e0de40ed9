/** Work queues in map values, and their callbacks, which may sleep. */
import { WORK_CASES, WORK_SETTING } from './cases/work-queues.ts'
import { compareWithKernel } from './support/kernel-comparison.ts'

compareWithKernel('work queues', WORK_SETTING, WORK_CASES)

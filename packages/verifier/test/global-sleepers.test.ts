/** Global functions that may sleep, called where nothing may. */
import { SLEEPER_CASES, SLEEPER_SETTING } from './cases/global-sleepers.ts'
import { compareWithKernel } from './support/kernel-comparison.ts'

compareWithKernel('global functions that sleep', SLEEPER_SETTING, SLEEPER_CASES)

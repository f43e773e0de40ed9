/** Strings that are known when the program is judged, and formats among them. */
import { STRING_CASES, STRING_SETTING } from './cases/constant-strings.ts'
import { compareWithKernel } from './support/kernel-comparison.ts'

compareWithKernel('constant strings', STRING_SETTING, STRING_CASES)

/** Trees of a program's own objects, their callbacks, and objects that have locks, trees and lists in them. */
import {
  FUNCTION_CASES,
  LATER_CASES,
  LOOSE_CASES,
  OWNER_CASES,
  TREE_CASES,
  TREE_SETTING,
  TREE_VERDICTS,
} from './cases/own-trees.ts'
import { compareWithKernel, judgeBy612 } from './support/kernel-comparison.ts'

judgeBy612('trees of own objects', TREE_SETTING, TREE_VERDICTS)
compareWithKernel('trees of own objects', TREE_SETTING, [
  ...TREE_CASES,
  ...OWNER_CASES,
  ...FUNCTION_CASES,
  ...LOOSE_CASES,
  ...LATER_CASES,
])

import type { TestContext } from 'vitest'
import { type KernelOracle, kernelOracle } from '../src/index.ts'

const asked = kernelOracle()

/** The kernel, or the test is skipped with the reason. */
export function oracleOrSkip(ctx: TestContext): KernelOracle {
  if ('unavailable' in asked) ctx.skip(asked.unavailable)
  return asked as KernelOracle
}

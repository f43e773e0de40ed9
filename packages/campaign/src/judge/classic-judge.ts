import { askClassic, createClassicRunner } from '@bpfoundry/conformance'
import type { Judge } from './judge.ts'

/** The classic machine: runs classic programs as they are, where engines run their translation. */
export function classicJudge(): Judge {
  const runner = createClassicRunner()
  return {
    name: runner.engine,
    answer: async (one) => {
      if (one.kind === 'classic') return askClassic(runner, one.classic)
      throw new Error(`the classic machine was asked for a case of kind ${one.kind}`)
    },
    close: () => runner.close(),
  }
}

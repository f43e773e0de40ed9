import type { ConformanceCase } from '@bpfoundry/conformance'
import type { Questioning } from '../plan/shard.ts'

/** Judges that are no engines. */
export const KERNEL = 'kernel'
export const CLASSIC_MACHINE = 'cbpf'

/** All who may be asked: engines in the order of the questioning, the running kernel if it is asked, the classic machine. */
export function judgeNames({ engines, oracle }: Pick<Questioning, 'engines' | 'oracle'>): readonly string[] {
  return [...engines, ...(oracle === undefined ? [] : [KERNEL]), CLASSIC_MACHINE]
}

export function isKernel(name: string | undefined): boolean {
  return name === KERNEL
}

/** The classic machine knows classic programs only; the others know all kinds. */
export function isAsked(name: string, kind: ConformanceCase['kind']): boolean {
  return name !== CLASSIC_MACHINE || kind === 'classic'
}

import type { Verification } from '../verification.ts'
import type { RefusedPath, Rejection } from '../verifier-api.ts'
import { searchPath, trailSteps } from './path-search.ts'
import { traceValues } from './value-trace.ts'

/**
 * The shortest way to a refusal, and the values that led there. Undefined for a refusal of no instruction, or of a loop
 * that does not end, to which no path is shorter than its own.
 *
 * @param fresh a verification that stands where the refused path began
 */
export function refusedPath(
  { pc, code, operands = [] }: Rejection,
  fresh: () => Verification,
): RefusedPath | undefined {
  if (pc === undefined || NO_PLACE.has(code)) return undefined
  const { trail, followed, isCut } = searchPath(fresh(), { pc, code })
  if (trail === undefined) return { followed, isCut, values: [] }
  const registers = operands.map(({ register }) => register)
  return {
    path: trailSteps(trail).map((step) => step.pc),
    followed,
    isCut,
    values: traceValues(fresh(), trail, registers),
  }
}

/** Refusals of how long or how often something runs. */
const NO_PLACE: ReadonlySet<string> = new Set(['VERIFIER_TOO_COMPLEX', 'VERIFIER_INFINITE_LOOP'])

import type { Insn } from '@bpfoundry/isa'
import { isReleasedBy, type KernelProfile } from '@bpfoundry/kernel-abi'
import { lackingWords } from '../program/instruction-form.ts'
import { Refusal } from '../report/refusal.ts'
import { baseType, PTR_TO_CTX } from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import type { Requirement } from '../verifier-api.ts'
import { requirementsOf } from './requirements.ts'

/**
 * Refuses an explored program that needs what `release` does not have. The words are this project's: old kernels say
 * EINVAL for most of it. Where the kernel has words of its own for the first thing that it meets, they stand before them.
 *
 * @throws {Refusal} VERIFIER_RELEASE with all that is missing
 */
export function checkRelease(v: Verification, release: KernelProfile): void {
  const { pointerTypes } = v.notes
  const requirements = requirementsOf(v.program, (pc) => baseType(pointerTypes[pc] as number) === PTR_TO_CTX)
  const missing = requirements.filter(({ since }) => !isReleasedBy(since, release.name))
  const [first] = missing
  if (first === undefined) return
  const words = kernelWords(v, missing, release.name)
  if (words !== undefined) v.log.print(`${words}\n`)
  const message = `Linux ${release.name} has no ${first.what}: since ${first.since}`
  const hint = missing.length === 1 ? undefined : `it lacks ${missing.length} things that the program needs`
  const fields = { code: 'VERIFIER_RELEASE', errno: 'EINVAL', message, requirements: missing } as const
  throw new Refusal(hint === undefined ? fields : { ...fields, hint }, first.pc)
}

/** What the kernel says of the first instruction that it does not know. */
function kernelWords({ insns }: Verification, missing: readonly Requirement[], release: string): string | undefined {
  const places = missing.flatMap(({ pc }) => (pc === undefined ? [] : [pc])).sort((a, b) => a - b)
  for (const pc of places) {
    const words = lackingWords(insns[pc] as Insn, release)
    if (words !== undefined) return words
  }
  return undefined
}

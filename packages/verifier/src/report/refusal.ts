import { ERRNO, type ErrnoName } from '@bpfoundry/kernel-abi'
import type { Requirement } from '../verifier-api.ts'

/** What a refusal says besides its words. */
export interface RefusalFields {
  /** Stable code, `VERIFIER_PACKET_BOUNDS`. */
  readonly code: string
  readonly errno: ErrnoName
  /** Lines of the log, in the kernel's words where it has some. */
  readonly message: string
  readonly hint?: string
  readonly requirements?: readonly Requirement[]
}

/**
 * How the checks stop an exploration: thrown, and turned into the `Rejection` of the result by `verify`. Never leaves the
 * package.
 */
export class Refusal extends Error {
  readonly code: string
  readonly errno: number
  readonly hint: string | undefined
  /** What a release lacks that the program needs. */
  readonly requirements: readonly Requirement[] | undefined
  /** The instruction; undefined when the program as a whole is refused. */
  pc: number | undefined

  constructor(fields: RefusalFields, pc?: number) {
    super(fields.message)
    this.name = 'Refusal'
    this.code = fields.code
    this.errno = ERRNO[fields.errno]
    this.hint = fields.hint
    this.requirements = fields.requirements
    this.pc = pc
  }
}

/** A refusal for what this version can't judge, though the kernel may accept it. Listed in docs/parity/verifier.md. */
export function unsupported(what: string, pc?: number): Refusal {
  const hint = 'the Linux verifier may accept it; see docs/parity/verifier.md for what is not covered yet'
  return new Refusal({ code: 'VERIFIER_UNSUPPORTED', errno: 'EOPNOTSUPP', message: `${what} not supported`, hint }, pc)
}

import type { NotRunnableReason } from '../kernel-tree/suite-case.ts'

/** Why an answer is not the expected one, or is missing. */
export type FailureReason =
  | 'accepted'
  | 'refused'
  | 'errno'
  | 'log'
  | 'verifier-statistics'
  | 'instructions'
  | 'run-error'
  | 'result'
  | 'unsupported'
  | 'no-answer'
  | 'timeout'
  | 'crash'

/** The words that reports count by, each in a sentence. */
// biome-ignore format: table
export const REASONS: Readonly<Record<FailureReason | NotRunnableReason, string>> = {
  accepted:              'accepted, and should have been refused',
  refused:               'refused, and should have been accepted',
  errno:                 'refused with another errno',
  log:                   'refused or accepted as expected, in other words',
  'verifier-statistics': 'other numbers of processed instructions or stack bytes',
  instructions:          'other instructions after the fix-ups, or other machine code',
  'run-error':           'the run gave an error, or none where one is expected',
  result:                'another return value, packet or context',
  unsupported:           'needs what the engine or the verifier does not do yet',
  'no-answer':           'the engine has no answer',
  timeout:               'no answer within the time limit',
  crash:                 'the process that ran it ended',
  'needs-clang':         'a C function, and there is no compiler',
  'other-architecture':  'for another architecture or configuration',
  'not-data':            'built by kernel code: nothing of it is data',
  unread:                'a construct of the source that is not read',
  'needs-module':        'needs a kernel module',
  'needs-kernel-btf':    "needs a kernel's BTF",
}

/** Words that tell of the machine, not of this program: elsewhere the case is run. */
export const REASONS_OF_THE_MACHINE: ReadonlySet<string> = new Set<NotRunnableReason>([
  'needs-clang',
  'needs-module',
  'needs-kernel-btf',
])

/** The sentence of a reason; the word itself where there is none. */
export function meaningOf(reason: string): string {
  return (REASONS as Readonly<Record<string, string>>)[reason] ?? reason
}

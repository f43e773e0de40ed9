import { ERRNO } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal } from '@bpfoundry/verifier'

/** Why a program can't go to a card, as a stable word: what the advice hangs on. */
// biome-ignore format: one group a line
export type BlockerKind =
  | 'insn-unsupported' | 'extended-registers'
  | 'helper-unsupported' | 'helper-firmware' | 'adjust-head-metadata'
  | 'argument-kind' | 'argument-variable' | 'argument-unaligned'
  | 'counter-start' | 'counter-update'
  | 'event-cpu' | 'event-data-kind' | 'event-data-changes'
  | 'exit-variable' | 'exit-code'
  | 'stack-variable' | 'stack-moves' | 'stack-size'
  | 'map-use-conflict' | 'map-value-variable' | 'map-value-bounds' | 'map-write' | 'map-elsewhere' | 'map-direct-value'
  | 'pointer-kind' | 'pointer-changes'
  | 'queue-firmware' | 'context-store' | 'context-read' | 'constant-store'
  | 'atomic-operation' | 'atomic-target' | 'atomic-source'
  | 'multiplier-range' | 'multiplicand-range' | 'multiplicand-sign'
  | 'dividend-range' | 'divisor-variable' | 'divisor-range' | 'divisor-sign'
  | 'map-type' | 'map-flags' | 'map-count' | 'map-elements' | 'map-element-size' | 'map-key-size' | 'map-value-size'
  | 'program-type' | 'packet-split' | 'program-length' | 'translation' | 'verifier'

/** A device's refusal with its kind. */
export interface NfpRefusal extends DeviceRefusal {
  readonly kind: BlockerKind
  /** Better advice than the kind has. */
  readonly hint?: string
}

/**
 * What a check has against an instruction, in the driver's order. Lazy: the driver stops at the first, and what it would
 * have noted after that must not be noted.
 */
export type Refusals = Generator<NfpRefusal, void>

/** `-EINVAL` */
export function invalid(kind: BlockerKind, message: string): NfpRefusal {
  return { kind, errno: ERRNO.EINVAL, message }
}

/** `-EOPNOTSUPP` */
export function unsupported(kind: BlockerKind, message: string): NfpRefusal {
  return { kind, errno: ERRNO.EOPNOTSUPP, message }
}

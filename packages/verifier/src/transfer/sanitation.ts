/**
 * Guards against speculation (Spectre, variant 1): for untrusted programs, pointer arithmetic with a register is masked at
 * run time, so that even where a processor runs ahead with a wrong number the pointer stays inside its object. The mask is
 * fixed at load time: all paths to an instruction must agree on it. Paths that only speculation takes are explored, too.
 *
 * @see sanitize_ptr_alu and its siblings in kernel/bpf/verifier.c
 */
import { BPF_ADD, BPF_SUB } from '@bpfoundry/isa'
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber, toUnsignedNumber } from '../domain/word64.ts'
import type { RegisterState } from '../state/register-state.ts'
import { PTR_TO_MAP_VALUE, PTR_TO_STACK } from '../state/register-type.ts'

/** Why an operation can't be masked. */
export type SanitationFailure = 'bounds' | 'type' | 'paths' | 'limit'

/** How an operation is masked. */
interface Mask {
  readonly kind: string
  readonly limit: number
}

const NO_POINTER: Mask = { kind: 'number', limit: 0 }

/** The masks of one program, as its paths ask for them. */
export class Sanitation {
  readonly #masks = new Map<number, Mask>()
  readonly #barriersBefore = new Set<number>()
  readonly #barriersAfter = new Set<number>()
  /** Scalars that differ may ask for other masks: states are compared strictly from now on. */
  exploresLimits = false

  /** Asks for a mask at slot `pc`; fails where another path asked for another one. */
  ask(pc: number, mask: Mask): SanitationFailure | undefined {
    const known = this.#masks.get(pc)
    if (known !== undefined && (known.kind !== mask.kind || known.limit !== mask.limit)) return 'paths'
    this.#masks.set(pc, mask)
    return undefined
  }

  /** Speculation must not get to the instruction at `pc`: it does there what it must not. */
  putBarrierBefore(pc: number): void {
    this.#barriersBefore.add(pc)
    this.#masks.delete(pc)
  }

  /** Speculation must not get past the store at `pc`, where a load might still find what was there before (variant 4). */
  putBarrierAfter(pc: number): void {
    this.#barriersAfter.add(pc)
  }

  hasBarrierBefore(pc: number): boolean {
    return this.#barriersBefore.has(pc)
  }

  hasBarrierAfter(pc: number): boolean {
    return this.#barriersAfter.has(pc)
  }

  /** A number and a number at `pc`: no mask, on no path. */
  askNone(pc: number): SanitationFailure | undefined {
    return this.ask(pc, NO_POINTER)
  }
}

export function needsSanitation(operation: number): boolean {
  return operation === BPF_ADD || operation === BPF_SUB
}

/** One operation of pointer and number, before and after it is done. */
export interface Move {
  readonly operation: number
  readonly pointer: RegisterState
  readonly delta: RegisterState
  readonly pointerIsTarget: boolean
}

const MAX_STACK = 512

/** Bytes that the pointer may still move in the direction of the mask, or why that is not known. */
function limitOf(pointer: RegisterState, toLeft: boolean): number | SanitationFailure {
  const { type, scalar, offset, map } = pointer
  if (type === PTR_TO_STACK) {
    const limit = -(toSignedNumber(scalar.tnum.value) + offset)
    return limit >= MAX_STACK + (toLeft ? 1 : 0) || limit < 0 ? 'limit' : limit
  }
  if (type !== PTR_TO_MAP_VALUE || map === undefined) return 'type'
  const limit = (toLeft ? toSignedNumber(scalar.smin) : toUnsignedNumber(scalar.umax)) + offset
  return limit >= map.valueSizeBytes || limit < 0 ? 'limit' : limit
}

/** What is asked for before the operation, to be narrowed by what it does. */
export interface Window {
  readonly kind: string
  readonly toLeft: boolean
  readonly limit: number
}

/** The mask before the pointer moves. */
export function openWindow({ operation, pointer, delta, pointerIsTarget }: Move): Window | SanitationFailure {
  const { scalar } = delta
  const isConstant = isConstantScalar(scalar)
  const isNegative = scalar.smin.hi < 0
  if (!isConstant && isNegative !== scalar.smax.hi < 0) return 'bounds'
  const toLeft = operation === BPF_ADD ? isNegative : !isNegative
  const limit = limitOf(pointer, toLeft)
  if (typeof limit === 'string') return limit
  const kind = `${isNegative ? 'negative ' : ''}${isConstant ? 'constant ' : ''}${pointerIsTarget ? 'source' : 'target'}`
  return { kind, toLeft, limit }
}

/** The mask after it moved: as wide as the move was. */
export function closeWindow(window: Window, moved: RegisterState): Mask | SanitationFailure {
  const limit = limitOf(moved, window.toLeft)
  return typeof limit === 'string' ? limit : { kind: window.kind, limit: Math.abs(window.limit - limit) }
}

/** The number stands in the register that is the operation's target, or in its source. */
const WORDS: Readonly<
  Record<SanitationFailure, (dst: number, src: number, verb: string, inTarget: boolean) => string>
> = {
  bounds: (dst, src, _verb, inTarget) => `R${inTarget ? dst : src} has unknown scalar with mixed signed bounds`,
  type: (dst, src, _verb, inTarget) => `R${inTarget ? src : dst} has pointer with unsupported alu operation`,
  paths: (dst, _src, verb) => `R${dst} tried to ${verb} from different maps, paths or scalars`,
  limit: (dst, _src, verb) => `R${dst} tried to ${verb} beyond pointer bounds`,
}

/** The kernel's words for a failure. `numberInTarget`: in `number += pointer`. */
export function sanitationWords(
  failure: SanitationFailure,
  dst: number,
  src: number,
  operation: number,
  numberInTarget: boolean,
): string {
  const verb = operation === BPF_ADD ? 'add' : 'sub'
  return `${WORDS[failure](dst, src, verb, numberInTarget)}, pointer arithmetic with it prohibited for !root`
}

/**
 * A number that is known to be 0 or -1, masked with a constant: the usual way to a choice without a branch. The two cases
 * are explored apart, for the ranges of their join would say little.
 */
import { BPF_AND, BPF_OR } from '@bpfoundry/isa'
import { constant, isConstantScalar, type KnownScalar } from '../domain/scalar.ts'
import { tnumConstant, tnumWithLow } from '../domain/tnum.ts'
import { ALL_ONES, isZero, Word64 } from '../domain/word64.ts'
import { type RegisterState, scalarRegister } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'

function isMinusOneOrZero64(scalar: KnownScalar): boolean {
  return scalar.smin.hi === -1 && scalar.smin.lo === -1 && isZero(scalar.smax)
}

/** The low half made a known number; the rest stays. */
function withKnownLow(scalar: KnownScalar, low: number): KnownScalar {
  const known = scalar.clone()
  known.tnum = tnumWithLow(scalar.tnum, tnumConstant(new Word64(0, low)))
  known.s32Min = known.s32Max = low
  known.u32Min = known.u32Max = low
  return known
}

/**
 * Pushes a branch in which register `number` is 0 and gives its state for the path that goes on, in which it is -1; the
 * state itself where the instruction is no such mask.
 */
export function forkOnMask(
  v: Verification,
  number: number,
  operation: number,
  target: RegisterState,
  operand: RegisterState,
): RegisterState {
  const masks = operation === BPF_AND || operation === BPF_OR
  if (!masks || !isConstantScalar(operand.scalar) || isConstantScalar(target.scalar)) return target
  const wide = isMinusOneOrZero64(target.scalar)
  if (!wide && !(target.scalar.s32Min === -1 && target.scalar.s32Max === 0)) return target
  const branch = v.pushBranch(v.pc).frame
  if (wide) {
    branch.registers[number] = scalarRegister(constant(new Word64(0, 0)))
    return scalarRegister(constant(ALL_ONES))
  }
  branch.registers[number] = target.withScalar(withKnownLow(target.scalar, 0))
  return target.withScalar(withKnownLow(target.scalar, -1))
}

/** Truncation and sign extension of scalars: loads narrower than a register, 32-bit moves, and movsx. */
import { repair, synchronise } from './bounds-deduction.ts'
import {
  constant,
  forgetRange32,
  isConstantScalar,
  type KnownScalar,
  type Scalar,
  setSigned,
  setUnsigned,
  U32_MAX,
  UNKNOWN,
} from './scalar.ts'
import { zeroExtendLow } from './scalar-arithmetic.ts'
import { TNUM_UNKNOWN, tnumLow, tnumOfRange, tnumSwapBytes, tnumTruncate } from './tnum.ts'
import {
  and,
  andNot,
  equals,
  lowMask,
  shiftLeft,
  shiftRight,
  shiftRightArithmetic,
  signExtended,
  U64_MAX,
  type Word64,
  ZERO,
} from './word64.ts'

/**
 * Zero-extends the low `sizeBytes` bytes (1, 2 or 4). A range whose ends agree above those bytes keeps its low part: the
 * words in between agree there, too.
 */
export function truncate(scalar: KnownScalar, sizeBytes: number): KnownScalar {
  const kept = lowMask(8 * sizeBytes)
  const result = scalar.clone()
  result.tnum = tnumTruncate(scalar.tnum, 8 * sizeBytes)
  const agree = equals(andNot(scalar.umin, kept), andNot(scalar.umax, kept))
  setUnsigned(result, agree ? and(scalar.umin, kept) : ZERO, agree ? and(scalar.umax, kept) : kept)
  setSigned(result, result.umin, result.umax)
  if (sizeBytes < 4) forgetRange32(result)
  return finished(result)
}

function finished(result: Scalar): KnownScalar {
  synchronise(result)
  repair(result)
  return result
}

function signExtendWord(word: Word64, bits: number): Word64 {
  return shiftRightArithmetic(shiftLeft(word, 64 - bits), 64 - bits)
}

/**
 * Sign-extends the low `sizeBytes` bytes (1, 2 or 4) to 64 bits. The signed range survives where its ends agree above
 * those bytes and their low parts have the same sign; otherwise the type's own range is all that is known.
 */
export function signExtend64(scalar: KnownScalar, sizeBytes: number): KnownScalar {
  const bits = 8 * sizeBytes
  if (isConstantScalar(scalar)) return constant(signExtendWord(scalar.tnum.value, bits))
  const result = scalar.clone()
  const low = signExtendWord(scalar.smin, bits)
  const high = signExtendWord(scalar.smax, bits)
  const agree = equals(shiftRight(scalar.smin, bits), shiftRight(scalar.smax, bits))
  if (agree && low.hi >> 31 === high.hi >> 31) {
    setSigned(result, low, high)
    setUnsigned(result, low, high)
    result.s32Min = low.lo
    result.s32Max = high.lo
    result.u32Min = low.lo
    result.u32Max = high.lo
    result.tnum = tnumOfRange(low, high)
  } else {
    const most = 2 ** (bits - 1) - 1
    setSigned(result, signExtended(-most - 1), signExtended(most))
    setUnsigned(result, ZERO, U64_MAX)
    result.s32Min = -most - 1
    result.s32Max = most
    result.u32Min = 0
    result.u32Max = U32_MAX
    result.tnum = TNUM_UNKNOWN
  }
  repair(result)
  return result
}

/** Sign-extends the low `sizeBytes` bytes (1 or 2) to 32 bits and zero-extends that. */
export function signExtend32(scalar: KnownScalar, sizeBytes: number): KnownScalar {
  const bits = 8 * sizeBytes
  const shift = 32 - bits
  const result = scalar.clone()
  const low = (scalar.s32Min << shift) >> shift
  const high = (scalar.s32Max << shift) >> shift
  const agree = scalar.s32Min >> bits === scalar.s32Max >> bits
  if (agree && low >> 31 === high >> 31) {
    result.s32Min = Math.min(low, high)
    result.s32Max = Math.max(low, high)
    result.u32Min = result.s32Min
    result.u32Max = result.s32Max
    result.tnum = tnumLow(tnumOfRange(signExtended(result.s32Min), signExtended(result.s32Max)))
  } else {
    result.s32Min = -(2 ** (bits - 1))
    result.s32Max = 2 ** (bits - 1) - 1
    result.u32Min = 0
    result.u32Max = U32_MAX
    result.tnum = tnumLow(TNUM_UNKNOWN)
  }
  zeroExtendLow(result)
  return finished(result)
}

/** `w = w`: keeps the low half. */
export function zeroExtend32(scalar: KnownScalar): KnownScalar {
  const result = scalar.clone()
  zeroExtendLow(result)
  return finished(result)
}

/** The low `bits` bits (16, 32 or 64), in reverse byte order or as they are, zero-extended. Only the bits are followed. */
export function convertByteOrder(scalar: KnownScalar, bits: number, swaps: boolean): KnownScalar {
  const result = UNKNOWN.clone()
  result.tnum = swaps ? tnumSwapBytes(scalar.tnum, bits) : tnumTruncate(scalar.tnum, bits)
  return finished(result)
}

/**
 * Strings that helpers and functions of the kernel take: they lie in the value of a map that nobody can change any more, so
 * that they are known.
 *
 * @see check_reg_const_str, check_bpf_snprintf_call in kernel/bpf/verifier.c
 */
import { MAP_FLAG, MAP_TYPE, parsePrintkFormat } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber, toUnsignedNumber } from '../domain/word64.ts'
import { checkRegion } from '../memory/region-access.ts'
import { checkNoFields } from '../memory/special-fields.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'

const CODE = 'VERIFIER_CONSTANT_STRING'

/** The bytes of the string in register `number`, which points to a map's value, without the NUL that ends it. */
export function constantString(v: Verification, number: number): Uint8Array {
  const { map, scalar, offset } = v.register(number)
  const { type, flags, maxEntries, valueSizeBytes, constantValue } = map as VerifierMap
  const isFrozen = constantValue !== undefined && (flags & MAP_FLAG.RDONLY_PROG) !== 0
  if (!isFrozen) v.refuse(CODE, 'EACCES', `R${number} does not point to a readonly map'`)
  if (!isConstantScalar(scalar)) v.refuse(CODE, 'EACCES', `R${number} is not a constant address'`)
  if (type !== MAP_TYPE.ARRAY) v.refuse(CODE, 'EACCES', 'no direct value access support for this map type')
  const sizeBytes = valueSizeBytes - offset
  checkRegion(v, number, offset, sizeBytes, valueSizeBytes, false)
  checkNoFields(v, number, offset, sizeBytes)
  if (maxEntries !== 1) v.refuse(CODE, 'ENOTSUPP', 'direct value access on string failed')
  const rest = constantValue.subarray(offset + toSignedNumber(scalar.tnum.value), valueSizeBytes)
  const end = rest.indexOf(0)
  if (end < 0) v.refuse(CODE, 'EINVAL', 'string is not zero-terminated')
  return rest.subarray(0, end)
}

const FORMAT = 3
const DATA_BYTES = 5
const ARGUMENT_BYTES = 8

/** The format of bpf_snprintf, against the number of its arguments. */
export function checkFormat(v: Verification): void {
  const bytes = toUnsignedNumber(v.register(DATA_BYTES).scalar.tnum.value)
  if (bytes % ARGUMENT_BYTES !== 0) {
    v.refuseSilently(CODE, 'EINVAL', `${bytes} bytes are no number of arguments of ${ARGUMENT_BYTES} bytes`)
  }
  const text = String.fromCharCode(...constantString(v, FORMAT))
  if (typeof parsePrintkFormat(text, bytes / ARGUMENT_BYTES) !== 'number') return
  v.refuse(CODE, 'EINVAL', 'Invalid format string')
}

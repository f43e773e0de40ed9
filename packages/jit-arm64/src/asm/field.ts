import { Arm64Error } from '../arm64-error.ts'

/** `value` as an unsigned field of `width` bits whose lowest bit is bit `shift` of the word. @throws Arm64Error ARM64_FIELD */
export function field(name: string, value: number, width: number, shift: number): number {
  if (value >>> width !== 0 || value !== value >>> 0) outOfRange(name, value, 0, 2 ** width - 1)
  return value << shift
}

/** `value` as a two's complement field of `width` bits at `shift`. @throws Arm64Error ARM64_FIELD */
export function signedField(name: string, value: number, width: number, shift: number): number {
  const limit = 1 << (width - 1)
  if (value !== (value | 0) || value < -limit || value >= limit) outOfRange(name, value, -limit, limit - 1)
  return (value & (2 * limit - 1)) << shift
}

/** `valueBytes` divided by `unitBytes`, which it must be a multiple of. @throws Arm64Error ARM64_FIELD */
export function scaled(name: string, valueBytes: number, unitBytes: number): number {
  if (valueBytes % unitBytes !== 0) {
    throw new Arm64Error({
      code: 'ARM64_FIELD',
      message: `${name} is not scaled`,
      got: valueBytes,
      expected: `a multiple of ${unitBytes}`,
    })
  }
  return valueBytes / unitBytes
}

function outOfRange(name: string, value: number, least: number, most: number): never {
  throw new Arm64Error({
    code: 'ARM64_FIELD',
    message: `${name} does not fit`,
    got: value,
    expected: `${least} to ${most}`,
  })
}

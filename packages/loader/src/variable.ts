import { LoaderError } from './loader-error.ts'

/** A global variable: where its initial value is. */
export interface VariableSpec {
  readonly name: string
  /** Key of its data section's map. */
  readonly map: string
  /** In the map's single value. */
  readonly offsetBytes: number
  readonly sizeBytes: number
  /** Its type, where the object has BTF for it. */
  readonly btfTypeId?: number
}

/** A value for a variable: its bytes, or a number. */
export type VariableValue = Uint8Array | number | bigint | boolean

const NUMBER_SIZES: readonly number[] = [1, 2, 4, 8]

/** The bytes of a value, as many as the variable has. @throws {LoaderError} LOADER_VARIABLE */
export function encodeVariable(variable: VariableSpec, value: VariableValue, byteOrder: 'little' | 'big'): Uint8Array {
  const { name, sizeBytes } = variable
  const fail = (message: string, got: string, expected: string): LoaderError =>
    new LoaderError({ code: 'LOADER_VARIABLE', message: `variable '${name}' ${message}`, got, expected })
  if (value instanceof Uint8Array) {
    if (value.length === sizeBytes) return value
    throw fail('has another size', `${value.length} bytes`, `${sizeBytes} bytes`)
  }
  if (!NUMBER_SIZES.includes(sizeBytes)) throw fail('is no number', `${value}`, `${sizeBytes} bytes`)
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw fail('is no such number', `${value}`, 'an integer')
  const number = BigInt(value)
  const bits = sizeBytes * 8
  // A signed or an unsigned reading may be meant; both are the same bytes.
  if (BigInt.asUintN(bits, number) !== number && BigInt.asIntN(bits, number) !== number) {
    throw fail('is too small for the number', `${value}`, `${bits} bits`)
  }
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, number), byteOrder === 'little')
  return byteOrder === 'little' ? bytes.slice(0, sizeBytes) : bytes.slice(8 - sizeBytes)
}

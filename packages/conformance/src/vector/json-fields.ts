import { type ConformanceError, errorAt, type SourceLine } from '../conformance-error.ts'

const isU32 = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff

type Json = Readonly<Record<string, unknown>>

/** Reads the fields of one JSON object; every complaint tells the line and the field. */
export class JsonFields {
  readonly #line: SourceLine
  readonly #object: Json
  readonly #path: string

  constructor(line: SourceLine, value: unknown, path: string = '') {
    this.#line = line
    this.#path = path
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.#wrong('', value, 'an object')
    }
    this.#object = value as Json
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined && this.#object[name] !== null
  }

  raw(name: string): unknown {
    return this.#object[name]
  }

  /** A whole number, of at most 32 bits unless told, `fallback` when absent. */
  number(name: string, fallback: number, most: number = 0xffff_ffff): number {
    const value = this.has(name) ? this.#object[name] : fallback
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number
    throw this.#wrong(name, value, `a whole number up to ${most}`)
  }

  text(name: string, fallback: string): string {
    const value = this.has(name) ? this.#object[name] : fallback
    if (typeof value === 'string') return value
    throw this.#wrong(name, value, 'text')
  }

  flag(name: string): boolean {
    const value = this.has(name) ? this.#object[name] : false
    if (typeof value === 'boolean') return value
    throw this.#wrong(name, value, 'true or false')
  }

  /** Bytes in hex; undefined when absent. */
  bytes(name: string): Uint8Array | undefined {
    return this.has(name) ? this.hex(name, this.#object[name]) : undefined
  }

  /** A hex text somewhere below `name`. */
  hex(name: string, value: unknown): Uint8Array {
    if (typeof value === 'string' && value.length % 2 === 0 && /^[0-9a-f]*$/i.test(value)) {
      return new Uint8Array(Buffer.from(value, 'hex'))
    }
    throw this.#wrong(name, value, 'bytes in hex')
  }

  list(name: string): readonly unknown[] {
    const value = this.has(name) ? this.#object[name] : []
    if (Array.isArray(value)) return value
    throw this.#wrong(name, value, 'a list')
  }

  /** Names and values of an object. */
  entries(name: string): readonly (readonly [string, unknown])[] {
    const value = this.has(name) ? this.#object[name] : {}
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value)
    throw this.#wrong(name, value, 'an object')
  }

  /** The objects of a list. */
  objects(name: string): JsonFields[] {
    return this.list(name).map((item, index) => new JsonFields(this.#line, item, `${this.#path}${name}[${index}].`))
  }

  /** A list of pairs of whole numbers. */
  pairs(name: string): (readonly [number, number])[] {
    return this.tuples(name, 2).map(([first = 0, second = 0]) => [first, second])
  }

  /** A list of lists of `length` whole numbers of at most 32 bits. */
  tuples(name: string, length: number): (readonly number[])[] {
    return this.list(name).map((tuple) => {
      if (Array.isArray(tuple) && tuple.length === length && tuple.every(isU32)) return tuple as readonly number[]
      throw this.#wrong(name, tuple, `lists of ${length} whole numbers`)
    })
  }

  /** A number, or a name of the table, with or without `prefix`. */
  named(name: string, names: Readonly<Record<string, number>>, prefix: string, fallback: number): number {
    const value = this.#object[name] ?? fallback
    if (Number.isInteger(value)) return value as number
    const key = typeof value === 'string' ? value.toUpperCase().replace(prefix, '') : ''
    const found = Object.hasOwn(names, key) ? names[key] : undefined
    if (found !== undefined) return found
    throw this.#wrong(name, value, `a number, or a name such as ${Object.keys(names)[1]?.toLowerCase()}`)
  }

  /** The error for field `name`, for checks that only the caller knows. */
  wrong(name: string, got: unknown, expected: string): ConformanceError {
    return this.#wrong(name, got, expected)
  }

  #wrong(name: string, got: unknown, expected: string): ConformanceError {
    const field = `${this.#path}${name}`.replace(/\.$/, '')
    const text = got === undefined ? 'nothing' : JSON.stringify(got)
    return errorAt(this.#line, {
      code: 'CONFORMANCE_FIELD',
      message: field === '' ? 'a vector is a JSON object' : `field ${field} is wrong`,
      got: text.length > 80 ? `${text.slice(0, 80)}...` : text,
      expected,
    })
  }
}

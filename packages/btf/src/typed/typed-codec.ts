import type { BtfComposite } from '../btf-type.ts'
import { mismatch } from '../value-codec.ts'
import { type Access, bitfieldAccess, described, numberAccess } from './number-access.ts'
import type { ArrayShape, CompositeShape, MemberShape, ValueShape } from './value-shape.ts'

/** Largest value that is encoded: more than any map or section of data has. */
const MAX_VALUE_BYTES = 2 ** 30

/** Turns values of one type into bytes as a program sees them, and back. */
export interface TypedCodec<T> {
  readonly sizeBytes: number
  /** @throws {BtfError} BTF_VALUE for a value that the type can't hold */
  encode(value: T): Uint8Array
  /** @throws {BtfError} BTF_VALUE when there are fewer bytes than the type has */
  decode(bytes: Uint8Array): T
}

/**
 * The codec of a shape. What it reads has always the same JavaScript types, whatever the value: `bigint` from 64 bits on,
 * numbers for enumerators, `Uint8Array` for arrays of unsigned bytes, for `char` arrays text, or bytes where they are no text
 * that ends in zeros. All of that round-trips; padding, which no member has, is written as zeros.
 *
 * Of a union all members are read. Those that are given must agree; members that are not given are 0.
 *
 * `T` is the caller's word for what the shape says: `TypeText` of @bpfoundry/loader writes it.
 */
export function typedCodec<T>(shape: ValueShape): TypedCodec<T> {
  const { sizeBytes } = shape
  const access = accessOf(shape)
  return {
    sizeBytes,
    encode(value) {
      if (sizeBytes > MAX_VALUE_BYTES) throw mismatch('', `a type of ${sizeBytes} bytes`, `at most ${MAX_VALUE_BYTES}`)
      const bytes = new Uint8Array(sizeBytes)
      access.write(viewOf(bytes), 0, value, '', false)
      return bytes
    },
    decode(bytes) {
      if (bytes.length < sizeBytes) throw mismatch('', `${bytes.length} bytes`, `${sizeBytes} bytes`)
      return access.read(viewOf(bytes), 0) as T
    },
  }
}

const known = new WeakMap<ValueShape, Access>()

function accessOf(shape: ValueShape): Access {
  const access = known.get(shape) ?? makeAccess(shape)
  known.set(shape, access)
  return access
}

function makeAccess(shape: ValueShape): Access {
  switch (shape.kind) {
    case 'text':
      return textAccess(shape.sizeBytes)
    case 'bytes':
      return bytesAccess(shape.sizeBytes)
    case 'array':
      return arrayAccess(shape)
    case 'composite':
      return compositeAccess(shape)
    default:
      return numberAccess(shape)
  }
}

function bytesAccess(sizeBytes: number): Access {
  return {
    read: (view, at) => bytesAt(view, at, sizeBytes).slice(),
    write(view, at, value, path) {
      const fits = value instanceof Uint8Array && value.length === sizeBytes
      if (!fits) throw mismatch(path, described(value), `${sizeBytes} bytes`)
      bytesAt(view, at, sizeBytes).set(value)
    },
  }
}

function textAccess(sizeBytes: number): Access {
  const { read, write } = bytesAccess(sizeBytes)
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    read(view, at) {
      const bytes = read(view, at) as Uint8Array
      const end = bytes.indexOf(0)
      if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)) return bytes
      try {
        return strict.decode(end < 0 ? bytes : bytes.subarray(0, end))
      } catch {
        return bytes
      }
    },
    write(view, at, value, path) {
      if (typeof value !== 'string') {
        write(view, at, value, path, true)
        return
      }
      const text = new TextEncoder().encode(value)
      if (text.length > sizeBytes) throw mismatch(path, `${text.length} bytes of text`, `at most ${sizeBytes}`)
      const bytes = bytesAt(view, at, sizeBytes)
      bytes.fill(0)
      bytes.set(text)
    },
  }
}

function arrayAccess({ element, length }: ArrayShape): Access {
  const { read, write } = accessOf(element)
  return {
    read: (view, at) => Array.from({ length }, (_, index) => read(view, at + index * element.sizeBytes)),
    write(view, at, value, path, trusts) {
      if (!Array.isArray(value)) throw mismatch(path, described(value), `an array of ${length}`)
      if (value.length > length) throw mismatch(path, described(value), `at most ${length}`)
      for (const [index, one] of value.entries()) {
        write(view, at + index * element.sizeBytes, one, `${path}[${index}]`, trusts)
      }
    },
  }
}

function compositeAccess({ members, sizeBytes, type }: CompositeShape): Access {
  const accesses = new Map(members.map((member) => [member.name, memberAccess(member)]))
  const alternatives = new Set(members.filter(({ isAlternative }) => isAlternative).map(({ name }) => name))
  const find = (name: string, path: string): Access => {
    const access = accesses.get(name)
    if (access !== undefined) return access
    throw mismatch(`${path}.${name}`, `member ${name}`, members.map((member) => member.name).join(', '))
  }
  /** What one member makes of the struct. */
  const alone = (access: Access, value: unknown): Uint8Array => {
    const bytes = new Uint8Array(sizeBytes)
    access.write(viewOf(bytes), 0, value, '', true)
    return bytes
  }
  return {
    read(view, at) {
      const value: Record<string, unknown> = {}
      for (const [name, access] of accesses) define(value, name, access.read(view, at))
      return value
    },
    write(view, at, value, path, trusts) {
      const given = givenMembers(value, type, path)
      for (const [name, one] of given) find(name, path).write(view, at, one, `${path}.${name}`, trusts)
      if (trusts) return
      for (const [name, one] of given) {
        const access = find(name, path)
        if (!alternatives.has(name) || equal(alone(access, one), alone(access, access.read(view, at)))) continue
        throw mismatch(`${path}.${name}`, 'members of a union that say different things', 'one of them')
      }
    },
  }
}

function givenMembers(value: unknown, { name }: BtfComposite, path: string): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw mismatch(path, described(value), name === '' ? 'an object of its members' : `an object of ${name}'s members`)
  }
  return Object.entries(value).filter(([, one]) => one !== undefined)
}

/** Offsets are those of the struct. */
function memberAccess({ shape, ...member }: MemberShape): Access {
  const { bitfieldBits, bitOffset } = member
  if (bitfieldBits > 0 && 'littleEndian' in shape)
    return bitfieldAccess({ ...member, shape }, shape, shape.littleEndian)
  const { read, write } = accessOf(shape)
  const offset = bitOffset / 8
  return {
    read: (view, at) => read(view, at + offset),
    write: (view, at, value, path, trusts) => write(view, at + offset, value, path, trusts),
  }
}

/** Also of a name that assignments take otherwise: `__proto__`. */
function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bytesAt(view: DataView, at: number, sizeBytes: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, sizeBytes)
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index])
}

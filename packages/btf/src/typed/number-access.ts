import { mismatch } from '../value-codec.ts'
import type { MemberShape, NumberShape } from './value-shape.ts'

/** Reads and writes values of one shape in memory. */
export interface Access {
  read(view: DataView, offsetBytes: number): unknown
  /**
   * @param path where the value stands, for errors: `.member[2]`
   * @param trusts whether members of a union are known to agree
   * @throws {BtfError} BTF_VALUE
   */
  write(view: DataView, offsetBytes: number, value: unknown, path: string, trusts: boolean): void
}

type Get = (view: DataView, at: number, little: boolean) => number | bigint
type Set = (view: DataView, at: number, value: bigint, little: boolean) => void

const GET: Readonly<Record<string, Get>> = {
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => view.getBigUint64(at, little),
  s1: (view, at) => view.getInt8(at),
  s2: (view, at, little) => view.getInt16(at, little),
  s4: (view, at, little) => view.getInt32(at, little),
  s8: (view, at, little) => view.getBigInt64(at, little),
}

const SET: Readonly<Record<number, Set>> = {
  1: (view, at, value) => view.setUint8(at, Number(value)),
  2: (view, at, value, little) => view.setUint16(at, Number(value), little),
  4: (view, at, value, little) => view.setUint32(at, Number(value), little),
  8: (view, at, value, little) => view.setBigUint64(at, value, little),
}

/** A plain number. */
export function numberAccess(shape: NumberShape): Access {
  if (shape.kind === 'float') return floatAccess(shape)
  return shape.kind === 'boolean' ? settled(wholeAccess(shape)) : wholeAccess(shape)
}

/** What is true already stays as it is: a union may say more of it than that it is not 0. */
function settled({ read, write }: Access): Access {
  return {
    read,
    write(view, at, value, path, trusts) {
      if (read(view, at) !== value) write(view, at, value, path, trusts)
    },
  }
}

function wholeAccess(shape: NumberShape): Access {
  const { kind, sizeBytes, signed, littleEndian } = shape
  const get = GET[`${signed ? 's' : 'u'}${sizeBytes}`] ?? wideGet(sizeBytes, signed)
  const set = SET[sizeBytes] ?? wideSet(sizeBytes)
  return {
    read: (view, at) => typed(kind, get(view, at, littleEndian)),
    write: (view, at, value, path) => set(view, at, bitsOf(shape, sizeBytes * 8, value, path), littleEndian),
  }
}

/** A bit-field; offsets are those of its struct. */
export function bitfieldAccess(member: MemberShape, shape: NumberShape, little: boolean): Access {
  const access = bitsAccess(member, shape, little)
  return shape.kind === 'boolean' ? settled(access) : access
}

function bitsAccess({ bitOffset, bitfieldBits: bits }: MemberShape, shape: NumberShape, little: boolean): Access {
  // Bit 0 of the number is the lowest bit of the first byte, or of the last one.
  const place = (bit: number): number => bitOffset + (little ? bit : bits - 1 - bit)
  const mask = (at: number): number => (little ? 1 << (at & 7) : 0x80 >>> (at & 7))
  return {
    read(view, base) {
      let number = 0n
      for (let bit = 0; bit < bits; bit++) {
        const at = place(bit)
        if ((view.getUint8(base + (at >>> 3)) & mask(at)) !== 0) number |= 1n << BigInt(bit)
      }
      return typed(shape.kind, shape.signed ? BigInt.asIntN(bits, number) : number)
    },
    write(view, base, value, path) {
      const number = bitsOf(shape, bits, value, path)
      for (let bit = 0; bit < bits; bit++) {
        const at = place(bit)
        const old = view.getUint8(base + (at >>> 3))
        const isSet = ((number >> BigInt(bit)) & 1n) !== 0n
        view.setUint8(base + (at >>> 3), isSet ? old | mask(at) : old & ~mask(at))
      }
    },
  }
}

function floatAccess({ sizeBytes, littleEndian: little }: NumberShape): Access {
  return {
    read: (view, at) => (sizeBytes === 4 ? view.getFloat32(at, little) : view.getFloat64(at, little)),
    write(view, at, value, path) {
      if (typeof value !== 'number') throw mismatch(path, String(value), 'a number')
      if (sizeBytes === 4) view.setFloat32(at, value, little)
      else view.setFloat64(at, value, little)
    },
  }
}

function typed(kind: NumberShape['kind'], value: number | bigint): number | bigint | boolean {
  if (kind === 'boolean') return value !== 0 && value !== 0n
  return kind === 'bigint' ? BigInt(value) : Number(value)
}

function wideGet(sizeBytes: number, signed: boolean): Get {
  return (view, at, little) => {
    let value = 0n
    for (let byte = 0; byte < sizeBytes; byte++) {
      value = (value << 8n) | BigInt(view.getUint8(at + (little ? sizeBytes - 1 - byte : byte)))
    }
    return signed ? BigInt.asIntN(sizeBytes * 8, value) : value
  }
}

function wideSet(sizeBytes: number): Set {
  return (view, at, value, little) => {
    for (let byte = 0; byte < sizeBytes; byte++) {
      const place = little ? byte : sizeBytes - 1 - byte
      view.setUint8(at + place, Number((value >> BigInt(8 * byte)) & 0xffn))
    }
  }
}

/** The bits of a number that is given as a signed or as an unsigned one: -1 is as good as all ones. */
function bitsOf({ kind }: NumberShape, bits: number, value: unknown, path: string): bigint {
  const number = wholeNumber(kind, value)
  if (number === undefined) throw mismatch(path, described(value), kind === 'boolean' ? 'a boolean' : `a whole ${kind}`)
  if (BigInt.asUintN(bits, number) !== number && BigInt.asIntN(bits, number) !== number) {
    throw mismatch(path, String(value), `a number of ${bits} bits`)
  }
  return BigInt.asUintN(bits, number)
}

function wholeNumber(kind: NumberShape['kind'], value: unknown): bigint | undefined {
  if (kind === 'boolean') return typeof value === 'boolean' ? BigInt(value) : undefined
  if (typeof value === 'bigint') return value
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined
}

/** What was given, for a message. */
export function described(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (Array.isArray(value)) return `${value.length} elements`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

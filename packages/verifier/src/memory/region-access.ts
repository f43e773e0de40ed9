/** Accesses to regions of known size: map keys and values, memory that helpers give out, the packet's checked part. */
import { toSignedNumber, toUnsignedNumber } from '../domain/word64.ts'
import type { RegisterState } from '../state/register-state.ts'
import {
  baseType,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'

/** Variable offsets are kept below this, either way. @see BPF_MAX_VAR_OFF in include/linux/bpf_verifier.h */
export const MAX_VARIABLE_OFFSET: number = 2 ** 29

type Describe = (register: RegisterState, number: number, offset: number, size: number, bytes: number) => string

// biome-ignore format: table
const DESCRIPTIONS: ReadonlyMap<number, Describe> = new Map<number, Describe>([
  [PTR_TO_MAP_KEY,     (_r, _n, off, size, bytes) => `invalid access to map key, key_size=${bytes} off=${off} size=${size}`],
  [PTR_TO_MAP_VALUE,   (_r, _n, off, size, bytes) => `invalid access to map value, value_size=${bytes} off=${off} size=${size}`],
  [PTR_TO_PACKET,      describePacket],
  [PTR_TO_PACKET_META, describePacket],
])

function describePacket(register: RegisterState, number: number, offset: number, size: number, bytes: number): string {
  return `invalid access to packet, off=${offset} size=${size}, R${number}(id=${register.id},off=${offset},r=${bytes})`
}

// biome-ignore format: table
const CODES: ReadonlyMap<number, string> = new Map([
  [PTR_TO_MAP_KEY,     'VERIFIER_MAP_KEY_BOUNDS'],
  [PTR_TO_MAP_VALUE,   'VERIFIER_MAP_VALUE_BOUNDS'],
  [PTR_TO_PACKET,      'VERIFIER_PACKET_BOUNDS'],
  [PTR_TO_PACKET_META, 'VERIFIER_PACKET_BOUNDS'],
])

function boundsCode(register: RegisterState): string {
  return CODES.get(baseType(register.type)) ?? 'VERIFIER_MEMORY_BOUNDS'
}

function fits(offset: number, size: number, regionBytes: number, zeroAllowed: boolean): boolean {
  const sizeOk = size > 0 || (size === 0 && zeroAllowed)
  return offset >= 0 && sizeOk && offset + size <= regionBytes
}

/** Refuses [offset, offset + size) outside of [0, regionBytes), with a second line on what was tried. */
export function checkFixedRegion(
  v: Verification,
  number: number,
  offset: number,
  size: number,
  regionBytes: number,
  zeroAllowed: boolean,
  reason: string,
): void {
  if (fits(offset, size, regionBytes, zeroAllowed)) return
  const register = v.register(number)
  const describe = DESCRIPTIONS.get(baseType(register.type))
  const found =
    describe?.(register, number, offset, size, regionBytes) ??
    `invalid access to memory, mem_size=${regionBytes} off=${offset} size=${size}`
  v.refuse(boundsCode(register), 'EACCES', `${found}\n${reason}`)
}

/**
 * Refuses an access through register `number` that may leave a region of `regionBytes`. The least and the greatest
 * offset that the pointer can have are tried; between them the region is contiguous.
 */
export function checkRegion(
  v: Verification,
  number: number,
  offset: number,
  size: number,
  regionBytes: number,
  zeroAllowed: boolean,
): void {
  const register = v.register(number)
  const least = toSignedNumber(register.scalar.smin)
  if (least < 0 && (least <= -MAX_VARIABLE_OFFSET || least + offset < 0)) refuseNegative(v, number)
  const below = `R${number} min value is outside of the allowed memory range`
  checkFixedRegion(v, number, least + offset, size, regionBytes, zeroAllowed, below)
  const greatest = toUnsignedNumber(register.scalar.umax)
  if (greatest >= MAX_VARIABLE_OFFSET) {
    const message = `R${number} unbounded memory access, make sure to bounds check any such access`
    v.refuse(boundsCode(register), 'EACCES', message)
  }
  const above = `R${number} max value is outside of the allowed memory range`
  checkFixedRegion(v, number, greatest + offset, size, regionBytes, zeroAllowed, above)
}

export function refuseNegative(v: Verification, number: number): never {
  const advice = 'either use unsigned index or do a if (index >=0) check.'
  const code = boundsCode(v.register(number))
  return v.refuse(code, 'EACCES', `R${number} min value is negative, ${advice}`)
}

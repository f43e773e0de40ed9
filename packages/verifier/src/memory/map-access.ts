/** Accesses to map values and keys, and constants read from frozen maps. */
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber, Word64 } from '../domain/word64.ts'
import { constantRegister, type RegisterState, UNKNOWN_SCALAR } from '../state/register-state.ts'
import type { Verification } from '../verification.ts'
import type { VerifierMap } from '../verifier-api.ts'
import { type Access, loaded } from './access.ts'
import { accessKernelPointer } from './kernel-pointer-access.ts'
import { checkRegion } from './region-access.ts'
import { touchedPointer } from './special-fields.ts'

/** Device maps hand out pointers into the kernel's own device entries. */
const ALWAYS_READ_ONLY: ReadonlySet<number> = new Set([MAP_TYPE.DEVMAP, MAP_TYPE.DEVMAP_HASH])

/** Programs may not change the map, by its flags or by its nature. */
export function isReadOnlyForPrograms(map: VerifierMap): boolean {
  return (map.flags & MAP_FLAG.RDONLY_PROG) !== 0 || ALWAYS_READ_ONLY.has(map.type)
}

/** Refuses what the map's flags forbid programs. */
export function checkMapPermission(
  v: Verification,
  map: VerifierMap,
  offset: number,
  size: number,
  isWrite: boolean,
): void {
  const where = `value_size=${map.valueSizeBytes} off=${offset} size=${size}`
  if (isWrite && isReadOnlyForPrograms(map)) {
    v.refuse('VERIFIER_MAP_READ_ONLY', 'EACCES', `write into map forbidden, ${where}`)
  }
  if (!isWrite && (map.flags & MAP_FLAG.WRONLY_PROG) !== 0) {
    v.refuse('VERIFIER_MAP_WRITE_ONLY', 'EACCES', `read from map forbidden, ${where}`)
  }
}

/** The number that a load finds in a map that nobody can change any more; undefined where it is not known. */
function frozenValue(access: Access): RegisterState | undefined {
  const { pointer } = access
  const map = pointer.map
  const bytes = map?.constantValue
  if (map === undefined || bytes === undefined || (map.flags & MAP_FLAG.RDONLY_PROG) === 0) return undefined
  if (map.type !== MAP_TYPE.ARRAY || !isConstantScalar(pointer.scalar)) return undefined
  const start = access.offset + toSignedNumber(pointer.scalar.tnum.value)
  const byte = (index: number): number => (index < access.sizeBytes ? (bytes[start + index] ?? 0) : 0)
  const word = (at: number): number => byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24)
  return constantRegister(new Word64(word(4), word(0)))
}

export function accessMapValue(v: Verification, access: Access): void {
  const map = access.pointer.map as VerifierMap
  const { pointerNumber, offset, sizeBytes, isWrite, valueNumber } = access
  if (isWrite && valueNumber >= 0 && v.leaks(valueNumber)) {
    v.refuse('VERIFIER_LEAK', 'EACCES', `R${valueNumber} leaks addr into map`)
  }
  checkMapPermission(v, map, offset, sizeBytes, isWrite)
  checkRegion(v, pointerNumber, offset, sizeBytes, map.valueSizeBytes, false)
  const kernelPointer = touchedPointer(v, pointerNumber, offset, sizeBytes)
  if (kernelPointer !== undefined) {
    accessKernelPointer(v, access, kernelPointer)
    return
  }
  if (isWrite || valueNumber < 0) return
  const found = v.profile.knowsFrozenMaps ? frozenValue(access) : undefined
  v.write(valueNumber, loaded(found ?? UNKNOWN_SCALAR, sizeBytes, access.signExtends))
}

export function accessMapKey(v: Verification, access: Access): void {
  const map = access.pointer.map as VerifierMap
  if (access.isWrite) {
    v.refuse('VERIFIER_MAP_KEY_WRITE', 'EACCES', `write to change key R${access.pointerNumber} not allowed`)
  }
  checkRegion(v, access.pointerNumber, access.offset, access.sizeBytes, map.keySizeBytes, false)
  if (access.valueNumber >= 0) {
    v.write(access.valueNumber, loaded(UNKNOWN_SCALAR, access.sizeBytes, access.signExtends))
  }
}

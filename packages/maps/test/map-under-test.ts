import { GuestMemory } from '@bpfoundry/guest-memory'
import { ERRNO } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'
import { type BpfMap, createMap, type MapReferences } from '../src/index.ts'
import type { MapCase, MapOperation, MapTuple } from './kernel-maps.ts'

/** The fd of the one program there is, as the tests' stand-in for the kernel's tables. */
export const PROGRAM_FD = 77

/** One program, one device (lo, index 1), as the kernel oracle has them. */
export const REFERENCES: MapReferences = {
  program: (fd) => (fd === PROGRAM_FD ? 1234 : -ERRNO.EBADF),
  devmapProgram: () => -ERRNO.EINVAL,
  device: (ifindex) => ifindex === 1,
}

export function makeMap(tuple: MapTuple, cpus: number, memory: GuestMemory = GuestMemory.create()): BpfMap {
  const [type, keySizeBytes, valueSizeBytes, maxEntries, flags] = tuple
  const attributes = { name: 'm', type, keySizeBytes, valueSizeBytes, maxEntries, flags }
  return createMap(memory, attributes, { id: 1, cpus, references: REFERENCES })
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
export const hex = (data: Uint8Array | undefined): string | number =>
  data === undefined ? -ERRNO.ENOENT : Buffer.from(data).toString('hex')

/** Does one operation on our map; answers like kernel-maps.py. */
export function perform(map: BpfMap, [name, key, value, flags]: MapOperation): number | string {
  const given = key === null ? undefined : bytes(key)
  if (name === 'next') return hex(map.nextKey(given))
  if (given === undefined) throw new Error(`${name} needs a key`)
  if (name === 'lookup') return hex(map.lookupElement(given))
  if (name === 'delete') return map.deleteElement(given)
  return map.updateElement(given, value === 'prog' ? Uint8Array.of(PROGRAM_FD, 0, 0, 0) : bytes(value), flags)
}

/** All results of a case on our map. */
export function performCase(one: MapCase, cpus: number, memory: GuestMemory): (number | string)[] {
  const map = makeMap(one.map, cpus, memory)
  const results = one.ops.map((operation) => perform(map, operation))
  map.free()
  return results
}

/** Hex strings of so many bytes. */
export const hexBytes = (length: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((data) => Buffer.from(data).toString('hex'))

/** Little-endian hex of a u32. */
export const wordHex = (value: number): string => {
  const data = Buffer.alloc(4)
  data.writeUInt32LE(value >>> 0)
  return data.toString('hex')
}

/** Sequences of operations on few keys, so that they meet. */
export function operations(keys: fc.Arbitrary<string>, values: fc.Arbitrary<string>): fc.Arbitrary<MapOperation[]> {
  const flags = fc.oneof(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 2 ** 31))
  const update = fc.tuple(fc.constant('update' as const), keys, values, flags)
  const plain = fc.tuple(fc.constantFrom('lookup' as const, 'delete' as const), keys, fc.constant(''), fc.constant(0))
  const next = fc.tuple(fc.constant('next' as const), fc.option(keys), fc.constant(''), fc.constant(0))
  return fc.array(fc.oneof({ arbitrary: update, weight: 3 }, { arbitrary: plain, weight: 3 }, next), {
    minLength: 20,
    maxLength: 60,
  })
}

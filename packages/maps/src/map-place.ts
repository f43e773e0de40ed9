/** Where a map lies, and the header that tells any thread what it is. */
import { type GuestMemory, type Region, type StructLayout, structLayout } from '@bpfoundry/guest-memory'
import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { MapReferences } from './bpf-map.ts'
import { MapError } from './map-error.ts'

const NAME_BYTES = 16
/** "BPFM", little-endian. */
const MAGIC = 0x4d465042

/** The start of every map in guest memory. */
export const MAP_HEADER: StructLayout<
  | 'magic'
  | 'type'
  | 'keySize'
  | 'valueSize'
  | 'maxEntries'
  | 'flags'
  | 'id'
  | 'cpus'
  | 'hashSeed'
  | 'stagingLock'
  | 'name'
> = structLayout({
  magic: 'u32',
  type: 'u32',
  keySize: 'u32',
  valueSize: 'u32',
  maxEntries: 'u32',
  flags: 'u32',
  id: 'u32',
  cpus: 'u32',
  hashSeed: 'u32',
  /** Guards the staging area, through which the syscall side hands bytes over. */
  stagingLock: 'u32',
  name: ['u8', NAME_BYTES],
})

/** A map's place in one thread. All geometry follows from attributes and CPU count, so that every thread computes the same. */
export interface MapPlace {
  readonly memory: GuestMemory
  readonly address: number
  readonly id: number
  readonly cpus: number
  readonly hashSeed: number
  readonly attributes: MapAttributes
  /** Only in the thread that created the map. */
  readonly region?: Region
  readonly references?: MapReferences
}

const word = (address: number, field: keyof typeof MAP_HEADER.fields): number =>
  (address + MAP_HEADER.fields[field].offsetBytes) >>> 2

/** Writes the header of a new map. */
export function writeHeader(place: MapPlace): void {
  const { memory, address, attributes } = place
  const set = (field: keyof typeof MAP_HEADER.fields, value: number): void => {
    memory.u32[word(address, field)] = value
  }
  set('type', attributes.type)
  set('keySize', attributes.keySizeBytes)
  set('valueSize', attributes.valueSizeBytes)
  set('maxEntries', attributes.maxEntries)
  set('flags', attributes.flags)
  set('id', place.id)
  set('cpus', place.cpus)
  set('hashSeed', place.hashSeed)
  memory.write(address + MAP_HEADER.fields.name.offsetBytes, new TextEncoder().encode(attributes.name))
  set('magic', MAGIC)
}

/** Makes the header say that there is no map any more. */
export function clearHeader(place: MapPlace): void {
  place.memory.u32[word(place.address, 'magic')] = 0
}

/** Reads the header at `address`. @throws MapError MAP_NOT_A_MAP when there is none */
export function readHeader(memory: GuestMemory, address: number): MapPlace {
  memory.refresh()
  const get = (field: keyof typeof MAP_HEADER.fields): number => memory.u32[word(address, field)] as number
  if (address <= 0 || address % 8 !== 0 || get('magic') !== MAGIC) {
    throw new MapError({
      code: 'MAP_NOT_A_MAP',
      errno: ERRNO.EBADF,
      message: 'no map at this guest address',
      got: `0x${address.toString(16)}`,
      hint: 'the map may have been freed, or the address is of another guest memory',
    })
  }
  const name = memory.read(address + MAP_HEADER.fields.name.offsetBytes, NAME_BYTES)
  const end = name.indexOf(0)
  const attributes: MapAttributes = {
    name: new TextDecoder().decode(name.subarray(0, end < 0 ? NAME_BYTES : end)),
    type: get('type'),
    keySizeBytes: get('keySize'),
    valueSizeBytes: get('valueSize'),
    maxEntries: get('maxEntries'),
    flags: get('flags'),
  }
  return { memory, address, id: get('id'), cpus: get('cpus'), hashSeed: get('hashSeed'), attributes }
}

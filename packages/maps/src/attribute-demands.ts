/** What a demand on a map's attributes is made of. */
import type { ErrnoName, MapAttributes } from '@bpfoundry/kernel-abi'
import type { MapErrorCode } from './map-error.ts'

/** A demand: when `broken` holds, creation fails with `errno`. */
export interface AttributeRule {
  readonly broken: (attributes: MapAttributes) => boolean
  readonly errno: ErrnoName
  readonly code: MapErrorCode
  readonly message: string
  readonly got: (attributes: MapAttributes) => string | number
  readonly expected: string
  readonly hint?: string
}

export const has = (attributes: MapAttributes, flag: number): boolean => (attributes.flags & flag) === flag
export const hex = (flags: number): string => `0x${flags.toString(16)}`

export const unknownFlags = (allowed: number): AttributeRule => ({
  broken: (attributes) => (attributes.flags & ~allowed) !== 0,
  errno: 'EINVAL',
  code: 'MAP_FLAGS',
  message: 'map flags that this map type does not know',
  got: ({ flags }) => hex(flags),
  expected: `any of ${hex(allowed)}`,
})

export const forbiddenFlags = (forbidden: number, message: string, errno: ErrnoName = 'EINVAL'): AttributeRule => ({
  broken: (attributes) => (attributes.flags & forbidden) !== 0,
  errno,
  code: 'MAP_FLAGS',
  message,
  got: ({ flags }) => hex(flags),
  expected: `none of ${hex(forbidden)}`,
})

export const exclusiveFlags = (one: number, other: number, message: string): AttributeRule => ({
  broken: (attributes) => has(attributes, one | other),
  errno: 'EINVAL',
  code: 'MAP_FLAGS',
  message,
  got: ({ flags }) => hex(flags),
  expected: 'at most one of the two',
})

export const keySize = (least: number, most: number, errno: ErrnoName = 'EINVAL'): AttributeRule => ({
  broken: ({ keySizeBytes }) => keySizeBytes < least || keySizeBytes > most,
  errno,
  code: 'MAP_KEY_SIZE',
  message: 'key size does not fit the map type',
  got: ({ keySizeBytes }) => `${keySizeBytes} bytes`,
  expected:
    least === most ? `${least} bytes` : most === Infinity ? `at least ${least} bytes` : `${least} to ${most} bytes`,
})

export const valueSize = (least: number, most: number, errno: ErrnoName = 'EINVAL'): AttributeRule => ({
  broken: ({ valueSizeBytes }) => valueSizeBytes < least || valueSizeBytes > most,
  errno,
  code: 'MAP_VALUE_SIZE',
  message: 'value size does not fit the map type',
  got: ({ valueSizeBytes }) => `${valueSizeBytes} bytes`,
  expected:
    least === most ? `${least} bytes` : most === Infinity ? `at least ${least} byte` : `${least} to ${most} bytes`,
})

export const SOME_ENTRIES: AttributeRule = {
  broken: ({ maxEntries }) => maxEntries === 0,
  errno: 'EINVAL',
  code: 'MAP_MAX_ENTRIES',
  message: 'a map needs room for at least one entry',
  got: ({ maxEntries }) => maxEntries,
  expected: 'max_entries of 1 or more',
}

export const mostEntries = (most: number, errno: ErrnoName): AttributeRule => ({
  broken: ({ maxEntries }) => maxEntries > most,
  errno,
  code: 'MAP_MAX_ENTRIES',
  message: 'more entries than this map type can have',
  got: ({ maxEntries }) => maxEntries,
  expected: `at most ${most}`,
})

/** What Linux demands of an arena's attributes. @see arena_map_alloc in kernel/bpf/arena.c */
import { MAP_FLAG, type MapAttributes } from '@bpfoundry/kernel-abi'
import { type AttributeRule, has, hex, keySize, SOME_ENTRIES, unknownFlags, valueSize } from './attribute-demands.ts'

const PAGE_BYTES = 4096
const U32 = 2 ** 32
/** Offsets into an arena are compared as signed 32-bit numbers here. */
const MOST_PAGES = 2 ** 31 / PAGE_BYTES - 1

const lastAddress = ({ mapExtra = 0, maxEntries }: MapAttributes): number => mapExtra + maxEntries * PAGE_BYTES - 1

const PAGES_HERE: AttributeRule = {
  broken: ({ maxEntries }) => maxEntries > MOST_PAGES,
  errno: 'E2BIG',
  code: 'MAP_MAX_ENTRIES',
  message: 'an arena of 2 GiB or more finds no room here',
  got: ({ maxEntries }) => `${maxEntries} pages`,
  expected: `at most ${MOST_PAGES} pages`,
}

const MAPPED: AttributeRule = {
  broken: (attributes) => !has(attributes, MAP_FLAG.MMAPABLE),
  errno: 'EINVAL',
  code: 'MAP_FLAGS',
  message: 'an arena is there to be mapped',
  got: ({ flags }) => hex(flags),
  expected: 'BPF_F_MMAPABLE (0x400) set',
}

const PAGE_ALIGNED: AttributeRule = {
  broken: ({ mapExtra = 0 }) => mapExtra % PAGE_BYTES !== 0,
  errno: 'EINVAL',
  code: 'MAP_EXTRA',
  message: 'an arena begins with a page',
  got: ({ mapExtra = 0 }) => `0x${mapExtra.toString(16)}`,
  expected: `a multiple of ${PAGE_BYTES}`,
}

const ONE_UPPER_HALF: AttributeRule = {
  broken: (attributes) => Math.floor((attributes.mapExtra ?? 0) / U32) !== Math.floor(lastAddress(attributes) / U32),
  errno: 'ERANGE',
  code: 'MAP_EXTRA',
  message: 'the addresses of an arena have one upper half',
  got: (attributes) => `up to 0x${lastAddress(attributes).toString(16)}`,
  expected: 'pages that cross no multiple of 4 GiB',
}

export const ARENA_RULES: readonly AttributeRule[] = [
  keySize(0, 0),
  valueSize(0, 0),
  SOME_ENTRIES,
  MAPPED,
  unknownFlags(MAP_FLAG.SEGV_ON_FAULT | MAP_FLAG.MMAPABLE | MAP_FLAG.NO_USER_CONV),
  PAGE_ALIGNED,
  PAGES_HERE,
  ONE_UPPER_HALF,
]

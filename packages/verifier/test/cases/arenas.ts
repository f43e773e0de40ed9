/** Memory that a program shares with user space. `alloc`, `free` stand for calls, `cast` and `user` for those of r1 into r6. */
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { Setting, SettingCase } from '../support/kernel-comparison.ts'
import { TypeSketch } from '../support/type-sketch.ts'

const types = new TypeSketch()
const { int } = types
const functions = [types.fn('main'), types.fn('part', [types.pointer(int)])]
/** Pages of an arena lie in user space from here on. */
const ADDRESS = 2 ** 44

const arena = (mapExtra: number): Setting['maps'][string] => ({
  type: MAP_TYPE.ARENA,
  keySizeBytes: 0,
  valueSizeBytes: 0,
  maxEntries: 2,
  flags: MAP_FLAG.MMAPABLE,
  mapExtra,
  keyTypeId: 0,
  valueTypeId: 0,
})

export const ARENA_SETTING: Setting = {
  btf: types.build(),
  functions,
  maps: {
    arena: arena(ADDRESS),
    another: arena(2 * ADDRESS),
    nowhere: arena(0),
    plain: { ...arena(0), type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 16, maxEntries: 1, flags: 0 },
  },
  calls: ['bpf_arena_alloc_pages', 'bpf_arena_free_pages'],
  words: [
    [/^/, 'r1 = r1\n'],
    [/^use\((\w+)\)$/gm, 'r8 = $1 ll'],
    [/^alloc$/gm, 'r1 = r8\nr2 = 0\nr3 = 1\nr4 = -1\nr5 = 0\ncall 9000'],
    [/^free$/gm, 'r1 = r8\nr3 = 1\ncall 9001'],
    [/^cast$/gm, 'r6 = addr_space_cast(r1, 0x0, 0x1)'],
    [/^user$/gm, 'r6 = addr_space_cast(r1, 0x1, 0x0)'],
  ],
}

const END = '\nout: r0 = 0\nexit'
/** r6 = a pointer into the arena. */
const IN = 'use(arena)\nr1 = 4096\ncast\n'
const LOOK_UP = 'r1 = plain ll\n*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\ncall 1\nif r0 == 0 goto out\n'

// biome-ignore format: table
export const ARENA_CASES: readonly SettingCase[] = [
  ['a page, got, used and given back',        `use(arena)\nalloc\nif r0 == 0 goto out\nr7 = r0\nr1 = r0\ncast\n*(u32 *)(r6 + 0) = 1\nr2 = r7\nfree${END}`, 'sleeps'],
  ['a page got by who may not sleep',         `use(arena)\nalloc${END}`],
  ['pages of what is no arena',               `use(plain)\nalloc${END}`, 'sleeps'],
  ['pages of a number',                       `r8 = 7\nalloc${END}`, 'sleeps'],
  ['pages of the stack',                      `r8 = r10\nalloc${END}`, 'sleeps'],
  ['pages of a value of a map',               `${LOOK_UP}r8 = r0\nalloc${END}`, 'sleeps'],
  ['an address of a pointer, for pages',      `use(arena)\nr1 = r8\nr2 = r10\nr3 = 1\nr4 = -1\nr5 = 0\ncall 9000${END}`, 'sleeps'],
  ['a count of pages that is a pointer',      `use(arena)\nr1 = r8\nr2 = 0\nr3 = r10\nr4 = -1\nr5 = 0\ncall 9000${END}`, 'sleeps'],
  ['a page, used without a cast',             `use(arena)\nalloc\nif r0 == 0 goto out\n*(u32 *)(r0 + 0) = 1${END}`, 'sleeps'],
  ['any number is an address',                `${IN}r1 = *(u64 *)(r6 + 8)\n*(u8 *)(r6 - 8) = r1${END}`],
  ['loads of every size',                     `${IN}r1 = *(u8 *)(r6 + 0)\nr2 = *(u16 *)(r6 + 0)\nr3 = *(u32 *)(r6 + 0)\nr4 = *(u64 *)(r6 + 1)${END}`],
  ['a load that extends the sign',            `${IN}r1 = *(s8 *)(r6 + 0)\nr2 = *(s16 *)(r6 + 0)\nr3 = *(s32 *)(r6 + 0)${END}`],
  ['what is loaded is unknown',               `${IN}r1 = *(u64 *)(r6 + 0)\nr2 = r10\nr2 += r1\n*(u8 *)(r2 + 0) = 0${END}`],
  ['a pointer, stored and loaded again',      `${IN}*(u64 *)(r6 + 0) = r10\nr1 = *(u64 *)(r6 + 0)\nr2 = *(u64 *)(r1 - 8)${END}`],
  ['the context, cast',                       `r7 = r1\nuse(arena)\nr1 = r7\ncast\n*(u8 *)(r6 + 0) = 0${END}`],
  ['the stack, cast to user space',           `use(arena)\nr1 = r10\nuser\nr2 = *(u8 *)(r6 + 0)${END}`],
  ['a number, cast to user space',            `use(arena)\nr1 = 7\nuser\nr6 += 1${END}`],
  ['a pointer cast to user space and back',   `${IN}r1 = r6\nuser\nr1 = r6\ncast\n*(u8 *)(r6 + 0) = 0${END}`],
  ['a cast without an arena',                 `r1 = 7\ncast${END}`],
  ['a cast between other spaces',             `use(arena)\nr1 = 7\nr6 = addr_space_cast(r1, 0x0, 0x2)${END}`],
  ['a cast of nothing',                       `use(arena)\nr6 = addr_space_cast(r9, 0x0, 0x1)${END}`],
  ['a cast into the frame pointer',           `use(arena)\nr1 = 7\nr10 = addr_space_cast(r1, 0x0, 0x1)${END}`],
  ['sums and shifts',                         `${IN}r6 += 4\nr6 -= 1\nr6 <<= 2\nr6 ^= -1\nr6 *= 3\nw6 += 1\n*(u8 *)(r6 + 0) = 0${END}`],
  ['a number and a pointer, added',           `${IN}r2 = 5\nr2 += r6\n*(u8 *)(r2 + 0) = 0${END}`],
  ['the stack and a pointer, added',          `${IN}r2 = r10\nr2 += r6\n*(u8 *)(r2 + 0) = 0${END}`],
  ['two pointers, subtracted',                `${IN}r2 = r6\nr2 -= r6\n*(u8 *)(r2 + 0) = 0${END}`],
  ['a division by zero',                      `${IN}r6 /= 0${END}`],
  ['a division by a pointer',                 `${IN}r2 = 7\nr2 /= r6\nr6 %= r2${END}`],
  ['a negated pointer',                       `${IN}r6 = -r6\nr1 = *(u8 *)(r6 + 0)${END}`],
  ['the lower half of a pointer',             `${IN}w1 = w6\nr2 = *(u8 *)(r1 + 0)${END}`],
  ['a pointer compared',                      `${IN}if r6 == 0 goto out\nif r6 > 7 goto out\nif r6 == r10 goto out\n*(u8 *)(r6 + 0) = 0${END}`],
  ['a pointer, spilled',                      `${IN}*(u64 *)(r10 - 8) = r6\nr1 = *(u64 *)(r10 - 8)\n*(u8 *)(r1 + 0) = 0${END}`],
  ['a pointer in a loop',                     `${IN}r7 = 0\nmore: *(u64 *)(r6 + 0) = r7\nr6 += 8\nr7 += 1\nif r7 < 100 goto more${END}`],
  ['a counter in an arena',                   `${IN}r1 = 1\nlock *(u64 *)(r6 + 0) += r1\nr2 = 1\nw2 = atomic_fetch_add((u32 *)(r6 + 0), w2)\nr0 = 1\nr0 = cmpxchg_64(r6 + 0, r0, r1)${END}`],
  ['bits fetched and changed in an arena',    `${IN}r1 = 1\nr1 = atomic_fetch_or((u64 *)(r6 + 0), r1)${END}`],
  ['bits changed in an arena',                `${IN}r1 = 1\nlock *(u64 *)(r6 + 0) |= r1${END}`],
  ['memory for a helper',                     `${IN}r1 = r6\nr2 = 8\nr3 = r10\ncall 113${END}`],
  ['a key for a map',                         `${IN}r1 = plain ll\nr2 = r6\ncall 1${END}`],
  ['a number for a helper',                   `${IN}r1 = r6\ncall 5\nr0 = 0${END}`],
  ['an answer',                               `${IN}r0 = r6\nexit`],
  ['handed to a function',                    `${IN}r1 = r6\ncall part${END}\npart: *(u8 *)(r1 + 0) = 0\nr0 = 0\nexit`],
  ['one load from an arena and the stack',    `${IN}r7 = *(u32 *)(r6 + 0)\n*(u64 *)(r10 - 8) = 0\nif r7 == 0 goto load\nr6 = r10\nload: r1 = *(u8 *)(r6 - 8)${END}`],
  ['an address in an arena',                  `r1 = arena ll\nr2 = *(u32 *)(r1 + 0)${END}`],
  ['two arenas',                              `use(arena)\nuse(another)${END}`],
  ['an arena twice',                          `use(arena)\nuse(arena)${END}`],
  ['an arena that lies nowhere',              `use(nowhere)${END}`],
]

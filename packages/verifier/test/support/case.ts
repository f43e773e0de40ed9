import { assembleLlvm, decodeInsns, type Insn } from '@bpfoundry/isa'
import { MAP_FLAG, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { mapFields, type VerifierMap, type VerifierProgram } from '../../src/index.ts'
import { type CaseFunction, describeFunctions } from './functions.ts'
import { describeValue, type ValueBtf, type ValueMember } from './map-values.ts'

/** One program and what it is about; what becomes of it stands in the recorded log of a kernel. */
export interface VerifierCase {
  /** A property, in words. */
  readonly name: string
  /** LLVM assembly; names of {@link MAPS} with `ll` load a map, `&name + n ll` is not needed: use `value`. */
  readonly asm?: string
  /** Or the instructions, where assembly can't say them. */
  readonly hex?: string
  /** XDP by default. */
  readonly type?: number
  readonly attachType?: number
  readonly gpl?: boolean
  /** Loaded without CAP_PERFMON. */
  readonly untrusted?: boolean
  /** Judged with the kernel's types. */
  readonly kernelTypes?: true
  /** BPF_F_* */
  readonly flags?: number
  /** What BTF says of its functions, in the order of their starts; without BTF when absent. */
  readonly functions?: readonly CaseFunction[]
}

/** The maps that cases name; fds are given when they are loaded. */
// biome-ignore format: table
const MAP_ROWS = [
  // name      type                     key  value  entries  flags
  ['array',   MAP_TYPE.ARRAY,           4,   64,    4,       0],
  ['hash',    MAP_TYPE.HASH,            4,   16,    8,       0],
  ['single',  MAP_TYPE.ARRAY,           4,   64,    1,       0],
  ['frozen',  MAP_TYPE.ARRAY,           4,   16,    1,       MAP_FLAG.RDONLY_PROG],
  ['percpu',  MAP_TYPE.PERCPU_ARRAY,    4,   8,     4,       0],
  ['lpm',     MAP_TYPE.LPM_TRIE,        8,   4,     8,       MAP_FLAG.NO_PREALLOC],
  ['progs',   MAP_TYPE.PROG_ARRAY,      4,   4,     4,       0],
  ['ports',   MAP_TYPE.DEVMAP,          4,   4,     4,       0],
  ['events',  MAP_TYPE.PERF_EVENT_ARRAY, 4,  4,     4,       0],
  ['ring',    MAP_TYPE.RINGBUF,         0,   0,     4096,    0],
  ['sockets', MAP_TYPE.SOCKMAP,         4,   4,     4,       0],
  ['xsks',    MAP_TYPE.XSKMAP,          4,   4,     4,       0],
  ['plain',   MAP_TYPE.ARRAY,           4,   16,    1,       0],
  ['locked',  MAP_TYPE.ARRAY,           4,   16,    1,       0],
  ['locks',   MAP_TYPE.HASH,            4,   8,     4,       0],
  ['timed',   MAP_TYPE.ARRAY,           4,   24,    1,       0],
  ['timers',  MAP_TYPE.HASH,            4,   24,    4,       0],
  ['queued',  MAP_TYPE.ARRAY,           4,   24,    1,       0],
  ['kptrs',   MAP_TYPE.ARRAY,           4,   24,    1,       0],
  ['outer',   MAP_TYPE.ARRAY_OF_MAPS,   4,   4,     4,       0],
  ['objects', MAP_TYPE.ARRAY,           4,   24,    1,       0],
  ['samples', MAP_TYPE.USER_RINGBUF,    0,   0,     4096,    0],
] as const

export type MapName = (typeof MAP_ROWS)[number][0]

/** What the values of some maps are made of. */
// biome-ignore format: table
const VALUES: Readonly<Partial<Record<MapName, readonly ValueMember[]>>> = {
  plain:  ['u64', 'u64'],
  locked: ['u32', 'bpf_spin_lock', 'u64'],
  locks:  ['u32', 'bpf_spin_lock'],
  timed:  ['u64', 'bpf_timer'],
  timers: ['u64', 'bpf_timer'],
  queued: ['u64', 'bpf_wq'],
  kptrs:  ['kptr_untrusted', 'u64', 'kptr'],
  objects: ['kernel kptr_untrusted', 'u64', 'kernel kptr'],
}

export const VALUE_BTF: ReadonlyMap<MapName, ValueBtf> = new Map(
  Object.entries(VALUES).map(([name, members]) => [name as MapName, describeValue(members)]),
)

/** Maps of maps, and the map that theirs are like. */
export const INNER: Readonly<Partial<Record<MapName, MapName>>> = { outer: 'timed' }

function fieldsOf(name: MapName, valueSizeBytes: number): Partial<VerifierMap> {
  const types = VALUE_BTF.get(name)
  return types === undefined ? {} : { fields: mapFields(types.btf, types.valueTypeId, valueSizeBytes) }
}

/** The value of the frozen map: bytes 1 to 16. */
export const FROZEN_VALUE: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => index + 1)

const ROWS: ReadonlyMap<MapName, VerifierMap> = new Map(
  MAP_ROWS.map(([name, type, keySizeBytes, valueSizeBytes, maxEntries, flags], index) => [
    name,
    {
      id: index + 1,
      name,
      type,
      keySizeBytes,
      valueSizeBytes,
      maxEntries,
      flags,
      ...(name === 'frozen' ? { constantValue: FROZEN_VALUE } : {}),
      ...fieldsOf(name, valueSizeBytes),
    },
  ]),
)

export const MAPS: ReadonlyMap<MapName, VerifierMap> = new Map(
  [...ROWS].map(([name, map]) => {
    const inner = ROWS.get(INNER[name] as MapName)
    return [name, inner === undefined ? map : { ...map, inner: { ...inner, id: 0, name: '' } }]
  }),
)

/** `value(single + 4)` for the address of a map's value. */
const VALUE_LOAD = /= value\((\w+)(?: \+ (\d+))?\) ll/

/** A program of the case, with the maps at the fds that `fdOf` gives. */
export function programOf(row: VerifierCase, fdOf: (name: MapName) => number): VerifierProgram {
  const maps = new Map([...MAPS].map(([name, map]) => [fdOf(name), map]))
  const insns = row.hex === undefined ? assemble(row.asm ?? '', fdOf) : decodeInsns(bytesOf(row.hex))
  return {
    name: 'case',
    type: row.type ?? PROG_TYPE.XDP,
    expectedAttachType: row.attachType ?? 0,
    insns,
    gplCompatible: row.gpl ?? true,
    flags: row.flags ?? 0,
    maps,
    ...(row.functions === undefined ? {} : describeFunctions(insns, row.functions)),
  }
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.replace(/\s+/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function assemble(text: string, fdOf: (name: MapName) => number): readonly Insn[] {
  const offsets: (number | undefined)[] = []
  const source = text
    .split('\n')
    .map((line) => {
      const value = VALUE_LOAD.exec(line)
      if (/ ll\b/.test(line)) offsets.push(value === null ? undefined : Number(value[2] ?? 0))
      return value === null ? line : line.replace(VALUE_LOAD, `= ${value[1]} ll`)
    })
    .join('\n')
  const { insns, relocations } = assembleLlvm(source, { externals: true })
  const result = [...insns]
  const loads = [...insns.entries()].filter(([, insn]) => insn.opcode === 0x18).map(([pc]) => pc)
  for (const { pc, symbol } of relocations) {
    const offset = offsets[loads.indexOf(pc)]
    const insn = result[pc] as Insn
    result[pc] = { ...insn, src: offset === undefined ? 1 : 2, imm: fdOf(symbol as MapName) }
    result[pc + 1] = { ...(result[pc + 1] as Insn), imm: offset ?? 0 }
  }
  return result
}

/** Loads r0 of the element of `map` at key `key`, r1 and r2 lost. */
export const lookup = (map: MapName, key = 0): string => `
  *(u32 *)(r10 - 4) = ${key}
  r2 = r10
  r2 += -4
  r1 = ${map} ll
  call 1`

/** r7 = data, r8 = data_end, r1 kept. */
export const PACKET = `
  r7 = *(u32 *)(r1 + 0)
  r8 = *(u32 *)(r1 + 4)`

export const PASS = `
  r0 = 2
  exit`

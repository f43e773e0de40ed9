import { BPF_EMIT_CALL, BPF_EXIT_INSN, BPF_LD_MAP_FD, BPF_MOV64_IMM, type Insn } from '@bpfoundry/isa'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { createVector, type VectorMap, type VectorProgram } from '../../vector/vector.ts'
import type { TableRow } from '../test-bpf/table-row.ts'

/** Maps and programs that a test's instructions name. */
export interface FixedUp {
  readonly maps: readonly VectorMap[]
  readonly progs: readonly VectorProgram[]
  readonly mapRefs: readonly { readonly pc: number; readonly map: number }[]
}

/** What a fix-up makes: maps, the last of which instructions refer to, and the programs that it is filled with. */
interface Made {
  readonly maps: readonly VectorMap[]
  readonly progs?: readonly VectorProgram[]
}

interface Making {
  /** BPF_PROG_TYPE_* of the test. */
  readonly programType: number
  /** The BTF that typed maps have. */
  readonly types: MapTypes
  /** How many maps and programs there are already. */
  readonly firstMap: number
  readonly firstProgram: number
}

/** A BTF blob with the types up to that of the values. */
type MapTypes = (valueTypeId: number) => Uint8Array

type Make = (making: Making) => Made

const PAGE_BYTES = 4096
/** BPF_F_* of BPF_MAP_CREATE. */
const FLAG = { NO_PREALLOC: 1, RDONLY_PROG: 0x80, WRONLY_PROG: 0x100 } as const
const TEST_VALUE_BYTES = 48

type Size = readonly [keyBytes: number, valueBytes: number, entries: number]

function map(type: number, [keySizeBytes, valueSizeBytes, maxEntries]: Size, more: Partial<VectorMap> = {}): VectorMap {
  const flags = type === MAP_TYPE.HASH ? FLAG.NO_PREALLOC : 0
  return { type, keySizeBytes, valueSizeBytes, maxEntries, flags, mapExtra: 0, freeze: false, fill: [], ...more }
}

const one =
  (type: number, size: Size, more: Partial<VectorMap> = {}): Make =>
  () => ({ maps: [map(type, size, more)] })

const key = (index: number): Uint8Array => new Uint8Array(Uint32Array.of(index).buffer)

/** struct test_val: its index tells of its seventh number, which alone is set. */
function testValue(sizeBytes: number): Uint8Array {
  const whole = new Uint8Array(TEST_VALUE_BYTES)
  const view = new DataView(whole.buffer)
  view.setUint32(0, 7 * 4, true)
  view.setUint32(4 + 6 * 4, 0xabcdef12, true)
  return whole.subarray(0, sizeBytes)
}

/** An array of one element, which is set. */
const filled = (valueBytes: number, flags = 0): Make =>
  one(MAP_TYPE.ARRAY, [4, valueBytes, 1], { flags, fill: [[key(0), testValue(valueBytes)]] })

const typed =
  (type: number, size: Size, valueTypeId: number, flags = 0): Make =>
  ({ types }) => ({ maps: [map(type, size, { flags, btf: { bytes: types(valueTypeId), keyTypeId: 1, valueTypeId } })] })

/** A program array with programs that return 42, call themselves without end, and return 24. */
function programArray(entries: number, [first, second, third]: readonly [number, number, number]): Make {
  return ({ programType, firstMap, firstProgram }) => {
    const simple = (result: number): Insn[] => [BPF_MOV64_IMM(0, result), BPF_EXIT_INSN()]
    const calling = [BPF_MOV64_IMM(3, second), ...BPF_LD_MAP_FD(2, 0), BPF_EMIT_CALL(TAIL_CALL), ...simple(41)]
    const program = (insns: readonly Insn[], refs: VectorProgram['mapRefs'] = []): VectorProgram =>
      programOf(programType, insns, refs)
    return {
      maps: [
        map(MAP_TYPE.PROG_ARRAY, [4, 4, entries], {
          fill: [first, second, third].map((index, at) => [key(index), { prog: firstProgram + at }] as const),
        }),
      ],
      progs: [program(simple(42)), program(calling, [{ pc: 1, map: firstMap }]), program(simple(24))],
    }
  }
}

const TAIL_CALL = 12

function programOf(type: number, insns: readonly Insn[], mapRefs: VectorProgram['mapRefs']): VectorProgram {
  const { expectedAttachType, license, flags, logLevel, logTail } = createVector({ id: null, type, insns })
  return { type, insns, mapRefs, expectedAttachType, license, flags, logLevel, logTail }
}

const mapInMap: Make = ({ firstMap }) => ({
  maps: [map(MAP_TYPE.ARRAY, [4, 4, 1]), map(MAP_TYPE.ARRAY_OF_MAPS, [4, 4, 1], { inner: firstMap })],
})

/** What the lists of a test name, in the order in which the runner makes them. @see do_test_fixup() of test_verifier.c */
// biome-ignore format: table
const FIXUPS: readonly (readonly [member: string, make: Make])[] = [
  ['fixup_map_hash_8b',           one(MAP_TYPE.HASH, [8, 8, 1])],
  ['fixup_map_hash_48b',          one(MAP_TYPE.HASH, [8, TEST_VALUE_BYTES, 1])],
  ['fixup_map_hash_16b',          one(MAP_TYPE.HASH, [8, 16, 1])],
  ['fixup_map_array_48b',         filled(TEST_VALUE_BYTES)],
  ['fixup_prog1',                 programArray(4, [0, 1, 2])],
  ['fixup_prog2',                 programArray(8, [7, 1, 2])],
  ['fixup_map_in_map',            mapInMap],
  ['fixup_cgroup_storage',        one(MAP_TYPE.CGROUP_STORAGE, [16, 64, 0])],
  ['fixup_percpu_cgroup_storage', one(MAP_TYPE.PERCPU_CGROUP_STORAGE, [16, 64, 0])],
  ['fixup_map_sockmap',           one(MAP_TYPE.SOCKMAP, [4, 4, 1])],
  ['fixup_map_sockhash',          one(MAP_TYPE.SOCKHASH, [4, 4, 1])],
  ['fixup_map_xskmap',            one(MAP_TYPE.XSKMAP, [4, 4, 1])],
  ['fixup_map_stacktrace',        one(MAP_TYPE.STACK_TRACE, [4, 8, 1])],
  ['fixup_map_spin_lock',         typed(MAP_TYPE.ARRAY, [4, 8, 1], 3)],
  ['fixup_map_array_ro',          filled(TEST_VALUE_BYTES, FLAG.RDONLY_PROG)],
  ['fixup_map_array_wo',          filled(TEST_VALUE_BYTES, FLAG.WRONLY_PROG)],
  ['fixup_map_array_small',       filled(1)],
  ['fixup_sk_storage_map',        typed(MAP_TYPE.SK_STORAGE, [4, 8, 0], 3, FLAG.NO_PREALLOC)],
  ['fixup_map_event_output',      one(MAP_TYPE.PERF_EVENT_ARRAY, [4, 4, 1])],
  ['fixup_map_reuseport_array',   one(MAP_TYPE.REUSEPORT_SOCKARRAY, [4, 8, 1])],
  ['fixup_map_ringbuf',           one(MAP_TYPE.RINGBUF, [0, 0, PAGE_BYTES])],
  ['fixup_map_timer',             typed(MAP_TYPE.ARRAY, [4, 16, 1], 5)],
  ['fixup_map_kptr',              typed(MAP_TYPE.ARRAY, [4, 24, 1], 14)],
]

/** The maps of a test. @param types the BTF of those that have types @throws ConformanceError */
export function fixUp(row: TableRow, programType: number, types: MapTypes): FixedUp {
  const maps: VectorMap[] = []
  const progs: VectorProgram[] = []
  const mapRefs: { pc: number; map: number }[] = []
  for (const [member, make] of FIXUPS) {
    const places = upToZero(row.numbers(member))
    if (places.length === 0) continue
    const made = make({ programType, types, firstMap: maps.length, firstProgram: progs.length })
    maps.push(...made.maps)
    progs.push(...(made.progs ?? []))
    mapRefs.push(...places.map((pc) => ({ pc, map: maps.length - 1 })))
  }
  return { maps, progs, mapRefs }
}

/** Lists end at the first zero: no fix-up is at instruction 0. */
function upToZero(numbers: readonly number[]): readonly number[] {
  const end = numbers.indexOf(0)
  return end < 0 ? numbers : numbers.slice(0, end)
}

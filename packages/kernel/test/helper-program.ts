import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JEQ,
  BPF_JMP_IMM,
  BPF_LD_MAP_FD,
  BPF_LD_MAP_VALUE,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_REG_FP,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { helperByName, MAP_TYPE, type MapAttributes, XDP_ACTION } from '@bpfoundry/kernel-abi'
import * as fc from 'fast-check'

/** A helper call of a generated program. */
export interface HelperCall {
  readonly helper: string
  /** Index among {@link MAPS}, for map operations. */
  readonly map: number
  readonly key: number
  readonly value: number
  /** Flags, delta or interface index. */
  readonly number: number
}

const map = (type: number, keySizeBytes: number, valueSizeBytes: number, maxEntries: number, flags = 0) =>
  ({ name: `m${type}_${keySizeBytes}`, type, keySizeBytes, valueSizeBytes, maxEntries, flags }) satisfies MapAttributes

export const MAPS: readonly MapAttributes[] = [
  map(MAP_TYPE.ARRAY, 4, 8, 4),
  map(MAP_TYPE.PERCPU_ARRAY, 4, 8, 4),
  map(MAP_TYPE.HASH, 4, 8, 4),
  map(MAP_TYPE.HASH, 16, 24, 4),
  map(MAP_TYPE.PERCPU_HASH, 8, 8, 4),
  map(MAP_TYPE.LRU_HASH, 4, 8, 3),
  map(MAP_TYPE.LPM_TRIE, 8, 8, 8, 1),
]
/** The devmap, and where results go. */
export const DEVMAP: MapAttributes = map(MAP_TYPE.DEVMAP, 4, 4, 4)
export const RESULTS: MapAttributes = { ...map(MAP_TYPE.ARRAY, 4, 256, 1), name: 'results' }
export const MOST_CALLS = 32

const MAP_HELPERS = ['map_lookup_elem', 'map_update_elem', 'map_update_elem', 'map_delete_elem']
const FRAME_HELPERS = ['xdp_adjust_head', 'xdp_adjust_tail', 'xdp_adjust_meta', 'xdp_get_buff_len']
const PLAIN_HELPERS = [
  'ktime_get_ns',
  'jiffies64',
  'get_prandom_u32',
  'get_smp_processor_id',
  'redirect',
  'redirect_map',
]

export const helperCalls: fc.Arbitrary<readonly HelperCall[]> = fc.array(
  fc.record<HelperCall>({
    helper: fc.oneof(
      { arbitrary: fc.constantFrom(...MAP_HELPERS), weight: 4 },
      fc.constantFrom(...FRAME_HELPERS, ...PLAIN_HELPERS),
    ),
    map: fc.nat({ max: MAPS.length - 1 }),
    key: fc.nat({ max: 7 }),
    value: fc.integer(),
    number: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 8, -4, 4), fc.integer({ min: -64, max: 64 })),
  }),
  { minLength: 8, maxLength: MOST_CALLS },
)

const numberOf = (name: string): number => helperByName(name)?.id as number
const KEY = -64
const VALUE = -96

/** The XDP program that makes the calls and keeps each result (of a look-up, what it found) in the results' value. */
export function helperProgram(
  calls: readonly HelperCall[],
  fds: readonly number[],
  devmap: number,
  results: number,
): Insn[] {
  const kept = calls.flatMap((call, n) => [
    ...callInsns(call, fds[call.map] as number, devmap),
    ...BPF_LD_MAP_VALUE(1, results, 0),
    BPF_STX_MEM(BPF_DW, 1, 0, 8 * n),
  ])
  return [BPF_MOV64_REG(6, 1), ...kept, BPF_MOV64_IMM(0, XDP_ACTION.PASS), BPF_EXIT_INSN()]
}

function callInsns(call: HelperCall, fd: number, devmap: number): readonly Insn[] {
  const { helper, number } = call
  const emit = BPF_EMIT_CALL(numberOf(helper))
  if (helper.startsWith('map_')) return mapInsns(call, fd)
  if (helper.startsWith('xdp_')) return [BPF_MOV64_REG(1, 6), BPF_MOV64_IMM(2, number), emit]
  if (helper === 'redirect_map')
    return [...BPF_LD_MAP_FD(1, devmap), BPF_MOV64_IMM(2, call.key), BPF_MOV64_IMM(3, number), emit]
  return [BPF_MOV64_IMM(1, call.key), BPF_MOV64_IMM(2, number), emit]
}

function mapInsns({ helper, map: index, key, value, number }: HelperCall, fd: number): readonly Insn[] {
  const lpm = MAPS[index]?.type === MAP_TYPE.LPM_TRIE
  const words = lpm ? [key * 4, key << 29] : [key, 0, 0, key]
  const address = (register: number, at: number) => [
    BPF_MOV64_REG(register, BPF_REG_FP),
    BPF_ALU64_IMM(BPF_ADD, register, at),
  ]
  const found = [BPF_JMP_IMM(BPF_JEQ, 0, 0, 1), BPF_LDX_MEM(BPF_DW, 0, 0, 0)]
  return [
    ...words.map((word, n) => BPF_ST_MEM(BPF_W, BPF_REG_FP, KEY + 4 * n, word)),
    ...[0, 1, 2].map((n) => BPF_ST_MEM(BPF_DW, BPF_REG_FP, VALUE + 8 * n, value + n)),
    ...BPF_LD_MAP_FD(1, fd),
    ...address(2, KEY),
    ...address(3, VALUE),
    BPF_MOV64_IMM(4, number),
    BPF_EMIT_CALL(numberOf(helper)),
    ...(helper === 'map_lookup_elem' ? found : []),
  ]
}

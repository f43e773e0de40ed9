/** Which helpers can be inlined: those on a packet's path. */
import { CPU_BLOCK } from '@bpfoundry/engine'
import type { Insn } from '@bpfoundry/isa'
import { helperByName } from '@bpfoundry/kernel-abi'
import { type BpfMap, inlineMapCall, targetGeometry } from '@bpfoundry/maps'
import { redirectFlags } from '../redirect.ts'
import {
  coarseKtimeInsns,
  jiffiesInsns,
  ktimeInsns,
  numaNodeInsns,
  processorIdInsns,
  randomInsns,
  redirectInsns,
  redirectMapInsns,
} from './cpu-insns.ts'
import { adjustHeadInsns, adjustMetaInsns, adjustTailInsns, buffLenInsns } from './xdp-frame-insns.ts'

const CPU_FIELDS = { cpuIdOffsetBytes: CPU_BLOCK.fields.cpuId.offsetBytes }

/** Helpers whose instructions are always the same. */
// biome-ignore format: table
const PLAIN: readonly (readonly [name: string, insns: readonly Insn[]])[] = [
  ['ktime_get_ns',         ktimeInsns],
  ['ktime_get_boot_ns',    ktimeInsns],
  ['ktime_get_tai_ns',     ktimeInsns],
  ['ktime_get_coarse_ns',  coarseKtimeInsns],
  ['jiffies64',            jiffiesInsns],
  ['get_prandom_u32',      randomInsns],
  ['get_smp_processor_id', processorIdInsns],
  ['get_numa_node_id',     numaNodeInsns],
  ['redirect',             redirectInsns],
  ['xdp_adjust_head',      adjustHeadInsns],
  ['xdp_adjust_tail',      adjustTailInsns],
  ['xdp_adjust_meta',      adjustMetaInsns],
  ['xdp_get_buff_len',     buffLenInsns],
]

/** Helpers whose instructions are made for one map. */
type MakeForMap = (map: BpfMap, helper: number) => readonly Insn[] | undefined

const mapOperation: MakeForMap = (map, helper) => inlineMapCall(map, helper, CPU_FIELDS)
const redirectMap: MakeForMap = (map) => {
  const geometry = targetGeometry(map)
  return geometry === undefined ? undefined : redirectMapInsns(geometry, map.address, redirectFlags(map))
}

// biome-ignore format: table
const FOR_MAP: readonly (readonly [name: string, make: MakeForMap])[] = [
  ['map_lookup_elem', mapOperation],
  ['map_update_elem', mapOperation],
  ['redirect_map',    redirectMap],
]

function byNumber<T>(rows: readonly (readonly [name: string, value: T])[]): ReadonlyMap<number, T> {
  return new Map(
    rows.map(([name, value]) => {
      const helper = helperByName(name)
      if (helper === undefined) throw new Error(`no helper bpf_${name}`)
      return [helper.id, value]
    }),
  )
}

/** What was made for a map already, by helper: the same for every program. */
const made = new WeakMap<BpfMap, Map<number, readonly Insn[] | undefined>>()

function forMap(helper: number, map: BpfMap): readonly Insn[] | undefined {
  const known = made.get(map) ?? new Map<number, readonly Insn[] | undefined>()
  made.set(map, known)
  if (!known.has(helper)) known.set(helper, FOR_MAP_BY_NUMBER.get(helper)?.(map, helper))
  return known.get(helper)
}

const PLAIN_BY_NUMBER = byNumber(PLAIN)
const FOR_MAP_BY_NUMBER = byNumber(FOR_MAP)

/** Whether the instructions of this helper are made for the map that a call names. */
export function inlinesByMap(helper: number): boolean {
  return FOR_MAP_BY_NUMBER.has(helper)
}

/**
 * A helper as the body of a BPF subprogram, for compiling engines: it takes r1 to r5 as the helper does, changes no
 * other register for its caller, uses up to 64 bytes of its own stack frame and leaves the helper's result in r0 and
 * the same bytes in memory. What is rare it has the helper do.
 *
 * @param map the map in r1, for helpers that {@link inlinesByMap} tells of
 * @returns undefined where a helper, or a helper on this map, has no such form
 */
export function inlineHelper(helper: number, map?: BpfMap): readonly Insn[] | undefined {
  const plain = PLAIN_BY_NUMBER.get(helper)
  if (plain !== undefined) return plain
  return map === undefined ? undefined : forMap(helper, map)
}

/** Bytes of its own stack frame that an inlined helper uses at most. */
export const INLINED_STACK_BYTES = 64

import { type Cpu, type HelperFunction, type HelperTable, returnU32 } from '@bpfoundry/engine'
import { helperByName } from '@bpfoundry/kernel-abi'
import { csumDiff } from './csum-diff.ts'
import type { HelperEnvironment } from './helper-environment.ts'
import { mapDeleteElem, mapLookupElem, mapLookupPercpuElem, mapUpdateElem } from './map-helpers.ts'
import { snprintf, tracePrintk, traceVprintk } from './print-helpers.ts'
import { getPrandomU32 } from './random.ts'
import { xdpRedirect, xdpRedirectMap } from './redirect.ts'
import { strncmp } from './string-helpers.ts'
import { jiffies64, ktimeGetCoarseNs, ktimeGetNs } from './time-helpers.ts'
import { xdpAdjustHead, xdpAdjustMeta, xdpAdjustTail, xdpGetBuffLen, xdpLoadBytes, xdpStoreBytes } from './xdp-frame.ts'

/** One machine has one NUMA node. */
const getNumaNodeId: HelperFunction = (cpu: Cpu) => returnU32(cpu, 0)
const getSmpProcessorId: HelperFunction = (cpu: Cpu) => returnU32(cpu, cpu.id)
const plain = (helper: HelperFunction) => (): HelperFunction => helper

/** Every helper there is: its name without `bpf_`, and what makes it for one thread. */
// biome-ignore format: table
const HELPERS: readonly (readonly [name: string, make: (environment: HelperEnvironment) => HelperFunction])[] = [
  ['map_lookup_elem',        mapLookupElem],
  ['map_update_elem',        mapUpdateElem],
  ['map_delete_elem',        mapDeleteElem],
  ['ktime_get_ns',           plain(ktimeGetNs)],
  ['trace_printk',           tracePrintk],
  ['get_prandom_u32',        plain(getPrandomU32)],
  ['get_smp_processor_id',   plain(getSmpProcessorId)],
  ['redirect',               plain(xdpRedirect)],
  ['csum_diff',              plain(csumDiff)],
  ['get_numa_node_id',       plain(getNumaNodeId)],
  ['xdp_adjust_head',        plain(xdpAdjustHead)],
  ['redirect_map',           xdpRedirectMap],
  ['xdp_adjust_meta',        plain(xdpAdjustMeta)],
  ['xdp_adjust_tail',        plain(xdpAdjustTail)],
  ['jiffies64',              plain(jiffies64)],
  ['ktime_get_boot_ns',      plain(ktimeGetNs)],
  ['ktime_get_coarse_ns',    plain(ktimeGetCoarseNs)],
  ['snprintf',               plain(snprintf)],
  ['trace_vprintk',          traceVprintk],
  ['strncmp',                plain(strncmp)],
  ['xdp_get_buff_len',       plain(xdpGetBuffLen)],
  ['xdp_load_bytes',         plain(xdpLoadBytes)],
  ['xdp_store_bytes',        plain(xdpStoreBytes)],
  ['map_lookup_percpu_elem', mapLookupPercpuElem],
  ['ktime_get_tai_ns',       plain(ktimeGetNs)],
]

/** bpf_tail_call is an instruction after fix-ups: engines make it, with `progArrayTarget`. */
const TAIL_CALL = 'tail_call'

const numberOf = (name: string): number => {
  const helper = helperByName(name)
  if (helper === undefined) throw new Error(`no helper bpf_${name}`)
  return helper.id
}

/** Numbers of the helpers that programs can call, in order; bpf_tail_call, which engines make, is among them. */
export const HELPER_IMPLEMENTED: readonly number[] = [...HELPERS.map(([name]) => name), TAIL_CALL]
  .map(numberOf)
  .sort((a, b) => a - b)

/** The helpers of one thread, by number; undefined where there is none. */
export function createHelperTable(environment: HelperEnvironment): HelperTable {
  const table = new Array<HelperFunction | undefined>(Math.max(...HELPER_IMPLEMENTED) + 1).fill(undefined)
  for (const [name, make] of HELPERS) table[numberOf(name)] = make(environment)
  return table
}

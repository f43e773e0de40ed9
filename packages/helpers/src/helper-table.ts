import { type Cpu, type HelperFunction, type HelperTable, returnU32 } from '@bpfoundry/engine'
import { helperByName, PACKET_LOAD_HELPERS } from '@bpfoundry/kernel-abi'
import { noClass, noRoute, noSocket, perfEventOutput } from './absent-helpers.ts'
import { csumDiff } from './csum-diff.ts'
import { dynptrData, dynptrFromMem, dynptrRead, dynptrWrite } from './dynptr/dynptr-helpers.ts'
import type { HelperEnvironment } from './helper-environment.ts'
import { kernelFunctions } from './kernel-functions/kernel-function-table.ts'
import { kptrXchg, perCpuPtr, thisCpuPtr } from './kernel-pointers.ts'
import { getLocalStorage } from './local-storage.ts'
import { mapDeleteElem, mapLookupElem, mapLookupPercpuElem, mapUpdateElem } from './map-helpers.ts'
import { strtol, strtoul } from './number-text.ts'
import { snprintf, tracePrintk, traceVprintk } from './print-helpers.ts'
import { getPrandomU32 } from './random.ts'
import { xdpRedirect, xdpRedirectMap } from './redirect.ts'
import {
  ringbufFinish,
  ringbufFinishDynptr,
  ringbufOutput,
  ringbufQuery,
  ringbufReserve,
  ringbufReserveDynptr,
} from './ringbuf-helpers.ts'
import { csumLevel, csumUpdate, l3CsumReplace, l4CsumReplace } from './socket-buffer/checksum.ts'
import { getHashRecalc } from './socket-buffer/flow-hash.ts'
import {
  setHash,
  setHashInvalid,
  skbChangeType,
  skbLoadBytes,
  skbLoadBytesRelative,
  skbPullData,
  skbStoreBytes,
} from './socket-buffer/packet-bytes.ts'
import { packetLoad } from './socket-buffer/packet-load.ts'
import { skbChangeHead, skbChangeTail } from './socket-buffer/packet-size.ts'
import { skbVlanPop, skbVlanPush } from './socket-buffer/vlan-tag.ts'
import { spinLock, spinUnlock } from './spin-lock.ts'
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
  ['skb_store_bytes',        plain(skbStoreBytes)],
  ['l3_csum_replace',        plain(l3CsumReplace)],
  ['l4_csum_replace',        plain(l4CsumReplace)],
  ['get_cgroup_classid',     plain(noClass)],
  ['skb_vlan_push',          plain(skbVlanPush)],
  ['skb_vlan_pop',           plain(skbVlanPop)],
  ['redirect',               plain(xdpRedirect)],
  ['perf_event_output',      perfEventOutput],
  ['skb_load_bytes',         plain(skbLoadBytes)],
  ['csum_diff',              plain(csumDiff)],
  ['skb_change_type',        plain(skbChangeType)],
  ['skb_change_tail',        plain(skbChangeTail)],
  ['skb_pull_data',          plain(skbPullData)],
  ['csum_update',            plain(csumUpdate)],
  ['set_hash_invalid',       plain(setHashInvalid)],
  ['get_numa_node_id',       plain(getNumaNodeId)],
  ['skb_change_head',        plain(skbChangeHead)],
  ['set_hash',               plain(setHash)],
  ['xdp_adjust_head',        plain(xdpAdjustHead)],
  ['redirect_map',           xdpRedirectMap],
  ['xdp_adjust_meta',        plain(xdpAdjustMeta)],
  ['xdp_adjust_tail',        plain(xdpAdjustTail)],
  ['fib_lookup',             plain(noRoute)],
  ['skb_load_bytes_relative', plain(skbLoadBytesRelative)],
  ['sk_lookup_tcp',          plain(noSocket)],
  ['sk_lookup_udp',          plain(noSocket)],
  ['spin_lock',              plain(spinLock)],
  ['spin_unlock',            plain(spinUnlock)],
  ['skc_lookup_tcp',         plain(noSocket)],
  ['strtol',                 plain(strtol)],
  ['strtoul',                plain(strtoul)],
  ['jiffies64',              plain(jiffies64)],
  ['csum_level',             plain(csumLevel)],
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
  ['get_hash_recalc',        plain(getHashRecalc)],
  ['get_local_storage',      getLocalStorage],
  ['ringbuf_output',         ringbufOutput],
  ['ringbuf_reserve',        ringbufReserve],
  ['ringbuf_submit',         ringbufFinish(false)],
  ['ringbuf_discard',        ringbufFinish(true)],
  ['ringbuf_query',          ringbufQuery],
  ['per_cpu_ptr',            plain(perCpuPtr)],
  ['this_cpu_ptr',           plain(thisCpuPtr)],
  ['kptr_xchg',              plain(kptrXchg)],
  ['dynptr_from_mem',        plain(dynptrFromMem)],
  ['ringbuf_reserve_dynptr', ringbufReserveDynptr],
  ['ringbuf_submit_dynptr',  ringbufFinishDynptr(false)],
  ['ringbuf_discard_dynptr', ringbufFinishDynptr(true)],
  ['dynptr_read',            plain(dynptrRead)],
  ['dynptr_write',           plain(dynptrWrite)],
  ['dynptr_data',            plain(dynptrData)],
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
  const functions = kernelFunctions(environment)
  const most = Math.max(...HELPER_IMPLEMENTED, ...Object.values(PACKET_LOAD_HELPERS), ...functions.keys())
  const table = new Array<HelperFunction | undefined>(most + 1).fill(undefined)
  for (const [name, make] of HELPERS) table[numberOf(name)] = make(environment)
  for (const bytes of [1, 2, 4] as const) table[PACKET_LOAD_HELPERS[bytes]] = packetLoad(bytes)
  for (const [number, fn] of functions) table[number] = fn
  return table
}

import { ATTACH_TYPE } from './attach-types.ts'
import { type ContextFieldRow, type ContextValue, SK_BUFF_BYTES, SK_BUFF_ROWS, XDP_MD_ROWS } from './context-rows.ts'
import { PROG_TYPE } from './program-types.ts'
import { XDP_MD } from './xdp.ts'

/** A context field as one program type may use it. */
export interface ContextField {
  readonly name: string
  readonly offsetBytes: number
  /** More than the widest access where the field is an array. */
  readonly extentBytes: number
  /** Sizes in bytes of an allowed load; a load is aligned to its size and lies inside the field. */
  readonly loads: readonly number[]
  readonly stores: readonly number[]
  /** Pointers can't be loaded with sign extension. */
  readonly yields: ContextValue
  /** Bytes that a partial load is widened to by the fix-ups; 0 where a field is read whole only. */
  readonly narrowFromBytes: number
}

/** The context that r1 points to, as one program type may use it. */
export interface ContextLayout {
  /** `xdp_md`, `__sk_buff` */
  readonly structName: string
  readonly sizeBytes: number
  readonly fields: readonly ContextField[]
}

/** What may change a context's rules within a program type. */
export interface ContextScope {
  /** Number of the expected attach type; 0 by default. */
  readonly attachType?: number
  /** The program is meant for a device. */
  readonly offloaded?: boolean
}

/** A program type's share of __sk_buff. */
interface SkBuffRule {
  readonly hidden: string
  readonly writable: string
  /** Fields that yield a packet or flow key pointer; elsewhere they would be scalars. */
  readonly pointers: string
  /** Load sizes that replace the row's: `field=size`. */
  readonly loads?: string
  /** All other fields are hidden. */
  readonly only?: string
}

const ADDRESSES = 'family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port'

const SOCKET_FILTER: SkBuffRule = {
  hidden: `tc_classid data data_meta data_end ${ADDRESSES} tstamp wire_len hwtstamp`,
  writable: 'cb',
  pointers: '',
}
const TC: SkBuffRule = {
  hidden: ADDRESSES,
  writable: 'mark tc_index priority tc_classid cb tstamp queue_mapping',
  pointers: 'data data_meta data_end',
  loads: 'tstamp_type=1',
}
const CGROUP_SKB: SkBuffRule = {
  hidden: 'tc_classid data_meta wire_len',
  writable: 'mark priority cb tstamp',
  pointers: 'data data_end',
}
const LWT: SkBuffRule = {
  hidden: `tc_classid ${ADDRESSES} data_meta tstamp wire_len hwtstamp`,
  writable: 'mark priority cb',
  pointers: 'data data_end',
}
const SK_SKB: SkBuffRule = {
  hidden: 'tc_classid data_meta tstamp wire_len hwtstamp mark',
  writable: 'tc_index priority',
  pointers: 'data data_end',
}
const FLOW_DISSECTOR: SkBuffRule = {
  only: 'data data_end flow_keys',
  hidden: '',
  writable: '',
  pointers: 'data data_end flow_keys',
  loads: 'flow_keys=8',
}

/** @see sk_filter_is_valid_access and its siblings in net/core/filter.c */
const SK_BUFF_RULES: ReadonlyMap<number, SkBuffRule> = new Map([
  [PROG_TYPE.SOCKET_FILTER, SOCKET_FILTER],
  [PROG_TYPE.SCHED_CLS, TC],
  [PROG_TYPE.SCHED_ACT, TC],
  [PROG_TYPE.CGROUP_SKB, CGROUP_SKB],
  [PROG_TYPE.LWT_IN, LWT],
  [PROG_TYPE.LWT_OUT, LWT],
  [PROG_TYPE.LWT_XMIT, LWT],
  [PROG_TYPE.LWT_SEG6LOCAL, LWT],
  [PROG_TYPE.SK_SKB, SK_SKB],
  [PROG_TYPE.FLOW_DISSECTOR, FLOW_DISSECTOR],
])

function sizes(text: string): readonly number[] {
  return text === '' ? [] : text.split(' ').map(Number)
}

function field(row: ContextFieldRow, loads: string, stores: string, yields: ContextValue): ContextField {
  const [name, offsetBytes, extentBytes] = row
  const narrowFromBytes = loads === '1 2 4' ? 4 : 0
  return { name, offsetBytes, extentBytes, loads: sizes(loads), stores: sizes(stores), yields, narrowFromBytes }
}

const words = (text: string): readonly string[] => text.split(' ')

function skBuffFields(rule: SkBuffRule): readonly ContextField[] {
  const replaced = new Map(words(rule.loads ?? '').map((entry) => entry.split('=') as [string, string]))
  const hidden = new Set(words(rule.hidden))
  const shown = SK_BUFF_ROWS.filter(([name]) => (rule.only ? words(rule.only).includes(name) : !hidden.has(name)))
  return shown.flatMap((row) => {
    const [name, , , rowLoads, rowStores, rowYields] = row
    const loads = replaced.get(name) ?? rowLoads
    const stores = words(rule.writable).includes(name) ? rowStores : ''
    const isPointer = words(rule.pointers).includes(name) || rowYields === 'sock_common_or_null'
    return loads === '' && stores === '' ? [] : [field(row, loads, stores, isPointer ? rowYields : 'scalar')]
  })
}

function xdpFields(scope: ContextScope): readonly ContextField[] {
  return XDP_MD_ROWS.filter(([name]) => name !== 'egress_ifindex' || scope.attachType === ATTACH_TYPE.XDP_DEVMAP).map(
    (row) => field(row, row[3], scope.offloaded === true ? row[4] : '', row[5]),
  )
}

/**
 * The context of a program type in Linux 6.12; undefined where this package has no table for it.
 *
 * @param programType BPF_PROG_TYPE_*
 */
export function contextLayout(programType: number, scope: ContextScope = {}): ContextLayout | undefined {
  if (programType === PROG_TYPE.XDP) {
    return { structName: 'xdp_md', sizeBytes: XDP_MD.sizeBytes, fields: xdpFields(scope) }
  }
  const rule = SK_BUFF_RULES.get(programType)
  return rule && { structName: '__sk_buff', sizeBytes: SK_BUFF_BYTES, fields: skBuffFields(rule) }
}

/** A load from or a store to the context. */
export interface ContextAccess {
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly store?: boolean
  /** A load with sign extension. */
  readonly signed?: boolean
}

/** The field that an access goes to; undefined where it is refused: "invalid bpf_context access off=N size=N". */
export function contextField(layout: ContextLayout, access: ContextAccess): ContextField | undefined {
  const { offsetBytes, sizeBytes } = access
  if (offsetBytes % sizeBytes !== 0) return undefined
  const found = layout.fields.find(
    (row) => offsetBytes >= row.offsetBytes && offsetBytes + sizeBytes <= row.offsetBytes + row.extentBytes,
  )
  if (found === undefined || (access.signed === true && found.yields !== 'scalar')) return undefined
  return (access.store === true ? found.stores : found.loads).includes(sizeBytes) ? found : undefined
}

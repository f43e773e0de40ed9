import { ATTACH_TYPE } from './attach-types.ts'
import { type ContextFieldRow, type ContextValue, SK_BUFF_BYTES, SK_BUFF_ROWS, XDP_MD_ROWS } from './context-rows.ts'
import { hookContext } from './hook-contexts.ts'
import { PROG_TYPE } from './program-types.ts'
import { SK_BUFF_RULES, type SkBuffRule } from './sk-buff-rules.ts'
import {
  SOCK_BYTES,
  SOCK_ROWS,
  TCP_SOCK_BYTES,
  TCP_SOCK_ROWS,
  XDP_SOCK_BYTES,
  XDP_SOCK_ROWS,
} from './socket-context-rows.ts'
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
  /** Loads start at the field's first byte. */
  readonly anchored: boolean
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
  /** Whoever loads it lacks CAP_BPF. */
  readonly unprivileged?: boolean
}

function sizes(text: string): readonly number[] {
  return text === '' ? [] : text.replaceAll('^', '').split(' ').map(Number)
}

function field(row: ContextFieldRow, loads: string, stores: string, yields: ContextValue): ContextField {
  const [name, offsetBytes, extentBytes] = row
  const narrowFromBytes = loads === '1 2 4' ? 4 : 0
  const anchored = loads.startsWith('^')
  return {
    name,
    offsetBytes,
    extentBytes,
    loads: sizes(loads),
    stores: sizes(stores),
    anchored,
    yields,
    narrowFromBytes,
  }
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
  const key = [programType, scope.attachType, scope.offloaded, scope.unprivileged].join()
  const known = LAYOUTS.get(key)
  if (known !== undefined) return known
  const made = makeLayout(programType, scope)
  if (made !== undefined) LAYOUTS.set(key, made)
  return made
}

/** Layouts by all that they depend on: each is asked for at every load, and there are few. */
const LAYOUTS = new Map<string, ContextLayout>()

function makeLayout(programType: number, scope: ContextScope): ContextLayout | undefined {
  if (programType === PROG_TYPE.XDP) {
    return { structName: 'xdp_md', sizeBytes: XDP_MD.sizeBytes, fields: xdpFields(scope) }
  }
  const rule = skBuffRule(programType, scope)
  if (rule !== undefined) return { structName: '__sk_buff', sizeBytes: SK_BUFF_BYTES, fields: skBuffFields(rule) }
  const hook = hookContext(programType, scope.attachType ?? 0)
  return hook && { ...hook, fields: hook.rows.map((row) => field(row, row[3], row[4], row[5])) }
}

/** Without CAP_BPF control group programs see no packet and set no time. @see cg_skb_is_valid_access */
function skBuffRule(programType: number, { unprivileged }: ContextScope): SkBuffRule | undefined {
  const rule = SK_BUFF_RULES.get(programType)
  if (programType !== PROG_TYPE.CGROUP_SKB || rule === undefined || unprivileged !== true) return rule
  return { ...rule, hidden: `${rule.hidden} data data_end`, writable: rule.writable.replace(' tstamp', '') }
}

/** What a pointer to a socket points to; the names are those of the verifier's log. */
export type SocketKind = 'sock' | 'sock_common' | 'tcp_sock' | 'xdp_sock'

const layoutOf = (structName: string, sizeBytes: number, rows: readonly ContextFieldRow[]): ContextLayout => ({
  structName,
  sizeBytes,
  fields: rows.map((row) => field(row, row[3], '', row[5])),
})

/** What only full sockets have. @see bpf_sock_common_is_valid_access in net/core/filter.c */
const NOT_COMMON: ReadonlySet<string> = new Set(['type', 'protocol', 'mark', 'priority'])

const SOCKETS: Readonly<Record<SocketKind, ContextLayout>> = {
  sock: layoutOf('bpf_sock', SOCK_BYTES, SOCK_ROWS),
  sock_common: layoutOf(
    'bpf_sock',
    SOCK_BYTES,
    SOCK_ROWS.filter(([name]) => !NOT_COMMON.has(name)),
  ),
  tcp_sock: layoutOf('bpf_tcp_sock', TCP_SOCK_BYTES, TCP_SOCK_ROWS),
  xdp_sock: layoutOf('bpf_xdp_sock', XDP_SOCK_BYTES, XDP_SOCK_ROWS),
}

/** The fields that may be loaded through a pointer to a socket. Nothing may be stored there. */
export function socketLayout(kind: SocketKind): ContextLayout {
  return SOCKETS[kind]
}

/** A load from or a store to the context. */
export interface ContextAccess {
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly store?: boolean
  /** A load with sign extension. */
  readonly signed?: boolean
}

function loadable(row: ContextField, { offsetBytes, sizeBytes, signed }: ContextAccess): boolean {
  if (signed === true && row.yields !== 'scalar') return false
  return row.loads.includes(sizeBytes) && (!row.anchored || offsetBytes === row.offsetBytes)
}

/** The field that an access goes to; undefined where it is refused: "invalid bpf_context access off=N size=N". */
export function contextField(layout: ContextLayout, access: ContextAccess): ContextField | undefined {
  const { offsetBytes, sizeBytes } = access
  if (offsetBytes % sizeBytes !== 0) return undefined
  return layout.fields.find(
    (row) =>
      offsetBytes >= row.offsetBytes &&
      offsetBytes + sizeBytes <= row.offsetBytes + row.extentBytes &&
      (access.store === true ? row.stores.includes(sizeBytes) : loadable(row, access)),
  )
}

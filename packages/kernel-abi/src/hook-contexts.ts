import { attachTypeName } from './attach-types.ts'
import type { ContextFieldRow } from './context-rows.ts'
import * as event from './event-context-rows.ts'
import { effectiveAttachType } from './program-load.ts'
import { PROG_TYPE } from './program-types.ts'
import * as socket from './socket-context-rows.ts'

/** A context whose rows stand for themselves, but for what the hook takes away. */
interface HookContext {
  readonly structName: string
  readonly sizeBytes: number
  readonly rows: readonly ContextFieldRow[]
}

const context = (structName: string, sizeBytes: number, rows: readonly ContextFieldRow[]): HookContext => ({
  structName,
  sizeBytes,
  rows,
})

// biome-ignore format: table
const CONTEXTS: ReadonlyMap<number, HookContext> = new Map([
  [PROG_TYPE.KPROBE,                  context('pt_regs',                 event.KPROBE_BYTES,         event.KPROBE_ROWS)],
  [PROG_TYPE.TRACEPOINT,              context('trace_entry',             event.TRACEPOINT_BYTES,     event.TRACEPOINT_ROWS)],
  [PROG_TYPE.PERF_EVENT,              context('bpf_perf_event_data',     event.PERF_EVENT_BYTES,     event.PERF_EVENT_ROWS)],
  [PROG_TYPE.RAW_TRACEPOINT,          context('bpf_raw_tracepoint_args', event.RAW_TRACEPOINT_BYTES, event.RAW_TRACEPOINT_ROWS)],
  [PROG_TYPE.RAW_TRACEPOINT_WRITABLE, context('bpf_raw_tracepoint_args', event.RAW_TRACEPOINT_BYTES, event.RAW_TRACEPOINT_WRITABLE_ROWS)],
  [PROG_TYPE.CGROUP_DEVICE,           context('bpf_cgroup_dev_ctx',      event.CGROUP_DEVICE_BYTES,  event.CGROUP_DEVICE_ROWS)],
  [PROG_TYPE.CGROUP_SYSCTL,           context('bpf_sysctl',              event.CGROUP_SYSCTL_BYTES,  event.CGROUP_SYSCTL_ROWS)],
  [PROG_TYPE.CGROUP_SOCKOPT,          context('bpf_sockopt',             event.CGROUP_SOCKOPT_BYTES, event.CGROUP_SOCKOPT_ROWS)],
  [PROG_TYPE.LIRC_MODE2,              context('lirc_mode2',              event.LIRC_MODE2_BYTES,     event.LIRC_MODE2_ROWS)],
  [PROG_TYPE.NETFILTER,               context('bpf_nf_ctx',              event.NETFILTER_BYTES,      event.NETFILTER_ROWS)],
  [PROG_TYPE.CGROUP_SOCK,             context('bpf_sock',                socket.SOCK_BYTES,          socket.SOCK_ROWS)],
  [PROG_TYPE.CGROUP_SOCK_ADDR,        context('bpf_sock_addr',           socket.SOCK_ADDR_BYTES,     socket.SOCK_ADDR_ROWS)],
  [PROG_TYPE.SOCK_OPS,                context('bpf_sock_ops',            socket.SOCK_OPS_BYTES,      socket.SOCK_OPS_ROWS)],
  [PROG_TYPE.SK_MSG,                  context('sk_msg_md',               socket.SK_MSG_BYTES,        socket.SK_MSG_ROWS)],
  [PROG_TYPE.SK_REUSEPORT,            context('sk_reuseport_md',         socket.SK_REUSEPORT_BYTES,  socket.SK_REUSEPORT_ROWS)],
  [PROG_TYPE.SK_LOOKUP,               context('bpf_sk_lookup',           socket.SK_LOOKUP_BYTES,     socket.SK_LOOKUP_ROWS)],
])

/** What a hook takes away from its program type's context, by a pattern of its attach type's name. */
interface HookRule {
  readonly hook: RegExp
  readonly hidden?: string
  /** Readable only. */
  readonly readOnly?: string
}

/** All rules whose pattern fits apply. @see sock_addr_is_valid_access, sock_filter_is_valid_access, cg_sockopt_is_valid_access */
// biome-ignore format: table
const HOOK_RULES: ReadonlyMap<number, readonly HookRule[]> = new Map([
  [PROG_TYPE.CGROUP_SOCK, [
    { hook: /SOCK_CREATE|SOCK_RELEASE/, hidden: 'src_ip4 src_ip6 src_port' },
    { hook: /POST_BIND/,                hidden: 'bound_dev_if mark priority' },
    { hook: /INET4_POST_BIND/,          hidden: 'src_ip6' },
    { hook: /INET6_POST_BIND/,          hidden: 'src_ip4' },
  ]],
  [PROG_TYPE.CGROUP_SOCK_ADDR, [
    { hook: /INET4|UDP4/,                       hidden: 'user_ip6 msg_src_ip6' },
    { hook: /INET6|UDP6/,                       hidden: 'user_ip4 msg_src_ip4' },
    { hook: /UNIX/,                             hidden: 'user_ip4 user_ip6 msg_src_ip4 msg_src_ip6' },
    { hook: /BIND|CONNECT|RECVMSG|NAME/,        hidden: 'msg_src_ip4 msg_src_ip6' },
  ]],
  [PROG_TYPE.CGROUP_SOCKOPT, [
    { hook: /SETSOCKOPT/, hidden: 'retval' },
    { hook: /GETSOCKOPT/, readOnly: 'level optname' },
  ]],
])

const has = (names: string | undefined, name: string): boolean => names?.split(' ').includes(name) === true

/** The context of a program type that is neither XDP nor on `__sk_buff`; undefined where there is none. */
export function hookContext(programType: number, attachType: number): HookContext | undefined {
  const whole = CONTEXTS.get(programType)
  const hook = attachTypeName(effectiveAttachType(programType, attachType))
  const rules = (HOOK_RULES.get(programType) ?? []).filter((rule) => rule.hook.test(hook))
  if (whole === undefined || rules.length === 0) return whole
  const rows = whole.rows
    .filter(([name]) => !rules.some(({ hidden }) => has(hidden, name)))
    .map((row) => (rules.some(({ readOnly }) => has(readOnly, row[0])) ? readOnlyRow(row) : row))
  return { ...whole, rows }
}

function readOnlyRow([name, offsetBytes, extentBytes, load, , yields]: ContextFieldRow): ContextFieldRow {
  return [name, offsetBytes, extentBytes, load, '', yields]
}

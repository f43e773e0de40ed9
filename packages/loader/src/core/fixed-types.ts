import {
  BTF_KIND,
  type Btf,
  CORE_RELOCATION,
  type CoreRelocation,
  coreRelocationName,
  isModifier,
} from '@bpfoundry/btf'

/**
 * Types that programs and kernels have agreed on for good: contexts and what the wire demands. Relocating an access to
 * them changes nothing, whatever kernel it is for.
 *
 * @see include/uapi/linux/bpf.h and the uapi headers of the protocols
 */
const FIXED_TYPES: ReadonlySet<string> = new Set([
  ...['xdp_md', '__sk_buff', 'bpf_sock', 'bpf_sock_addr', 'bpf_sock_ops', 'bpf_sock_tuple', 'bpf_tcp_sock'],
  ...['sk_msg_md', 'sk_reuseport_md', 'bpf_sk_lookup', 'bpf_sockopt', 'bpf_sysctl', 'bpf_cgroup_dev_ctx'],
  ...['bpf_perf_event_data', 'bpf_raw_tracepoint_args', 'bpf_flow_keys', 'bpf_fib_lookup', 'bpf_lpm_trie_key'],
  ...['bpf_tunnel_key', 'bpf_devmap_val', 'bpf_cpumap_val', 'bpf_spin_lock', 'bpf_timer', 'bpf_dynptr'],
  ...['ethhdr', 'iphdr', 'ipv6hdr', 'ipv6_opt_hdr', 'tcphdr', 'udphdr', 'icmphdr', 'icmp6hdr', 'arphdr'],
  ...['vlan_hdr', 'in_addr', 'in6_addr', 'sctphdr', 'gre_base_hdr'],
])

/** Kinds that ask for the layout of a field. */
const FIELD_KINDS: readonly number[] = [
  CORE_RELOCATION.FIELD_BYTE_OFFSET,
  CORE_RELOCATION.FIELD_BYTE_SIZE,
  CORE_RELOCATION.FIELD_EXISTS,
  CORE_RELOCATION.FIELD_SIGNED,
  CORE_RELOCATION.FIELD_LSHIFT_U64,
  CORE_RELOCATION.FIELD_RSHIFT_U64,
]

/** Whether the instruction, as the compiler made it, is right on every kernel. */
export function isFinal(btf: Btf, relocation: CoreRelocation): boolean {
  if (relocation.kind === CORE_RELOCATION.TYPE_ID_LOCAL) return true
  const type = btf.resolve(relocation.typeId)
  return FIELD_KINDS.includes(relocation.kind) && FIXED_TYPES.has(type.name)
}

/** `byte_off of struct task_struct (0:12)`, for messages. */
export function describeCoreRelocation(btf: Btf, { kind, typeId, access }: CoreRelocation): string {
  const named = btf.type(typeId)
  const type = isModifier(named) ? btf.resolve(typeId) : named
  const word = type.kind === BTF_KIND.STRUCT ? 'struct ' : type.kind === BTF_KIND.UNION ? 'union ' : ''
  return `${coreRelocationName(kind)} of ${word}${type.name === '' ? '(anon)' : type.name} (${access})`
}

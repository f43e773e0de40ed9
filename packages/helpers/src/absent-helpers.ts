/** Helpers that look for what this machine has none of: sockets, classes of control groups, readers of events, routes. */
import { type Cpu, type HelperFunction, returnErrno, returnU32 } from '@bpfoundry/engine'
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { HelperEnvironment } from './helper-environment.ts'
import { i32Argument, u32Argument, u64Argument } from './registers.ts'

/** bpf_sk_lookup_tcp, bpf_sk_lookup_udp, bpf_skc_lookup_tcp: NULL, as where no socket fits. */
export function noSocket(cpu: Cpu): void {
  returnU32(cpu, 0)
}

/** bpf_get_cgroup_classid, bpf_skb_cgroup_classid: 0, as where no class was given. */
export function noClass(cpu: Cpu): void {
  returnU32(cpu, 0)
}

const FIB_PARAMETERS_BYTES = 64
/** BPF_FIB_LOOKUP_DIRECT to _MARK */
const FIB_FLAGS = 0x3f
const FAMILIES: ReadonlySet<number> = new Set([2, 10])
/** The device forwards nothing. */
const BPF_FIB_LKUP_RET_FWD_DISABLED = 5

/**
 * bpf_fib_lookup(ctx, params, plen, flags): as where no device forwards; -EINVAL for unknown flags or too few parameters,
 * -EAFNOSUPPORT for other families than IPv4 and IPv6.
 *
 * @see bpf_xdp_fib_lookup, bpf_ipv4_fib_lookup in net/core/filter.c (6.12)
 */
export function noRoute(cpu: Cpu): void {
  const isWrong = i32Argument(cpu, 3) < FIB_PARAMETERS_BYTES || u32Argument(cpu, 4) > FIB_FLAGS
  const isKnown = FAMILIES.has(cpu.memory.u8[u32Argument(cpu, 2)] as number)
  const answer = isKnown ? BPF_FIB_LKUP_RET_FWD_DISABLED : -ERRNO.EAFNOSUPPORT
  returnErrno(cpu, isWrong ? -ERRNO.EINVAL : answer)
}

const BPF_F_INDEX_MASK = 0xffff_ffff
/** Bits 32 to 51: how much of the context goes along. */
const MOST_FLAGS = 2 ** 52 - 1

/**
 * bpf_perf_event_output(ctx, map, flags, data, size): -ENOENT, as nobody opened an event in the array; -E2BIG for an index
 * past its end, -EINVAL for unknown flags.
 *
 * @see __bpf_perf_event_output in kernel/trace/bpf_trace.c (6.12)
 */
export function perfEventOutput(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const { maxEntries } = environment.mapAt(u32Argument(cpu, 2)).attributes
    const index = u32Argument(cpu, 3) === BPF_F_INDEX_MASK ? cpu.id : u32Argument(cpu, 3)
    const absent = index >= maxEntries ? -ERRNO.E2BIG : -ERRNO.ENOENT
    returnErrno(cpu, u64Argument(cpu, 3) > MOST_FLAGS ? -ERRNO.EINVAL : absent)
  }
}

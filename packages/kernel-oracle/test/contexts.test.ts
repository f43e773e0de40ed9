import * as isa from '@bpfoundry/isa'
import { BPF_EXIT_INSN, BPF_MOV64_IMM, BPF_RAW_INSN, type Insn } from '@bpfoundry/isa'
import { ATTACH_TYPE, contextField, contextLayout, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import type { KernelOracle } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

const SIZES: readonly (readonly [bytes: number, opcode: number])[] = [
  [1, isa.BPF_B],
  [2, isa.BPF_H],
  [4, isa.BPF_W],
  [8, isa.BPF_DW],
]

/** Name, type, attach type. */
const CASES: readonly (readonly [string, number, number])[] = [
  ['xdp', PROG_TYPE.XDP, ATTACH_TYPE.XDP],
  ['xdp in a device map', PROG_TYPE.XDP, ATTACH_TYPE.XDP_DEVMAP],
  ['socket_filter', PROG_TYPE.SOCKET_FILTER, 0],
  ['sched_cls', PROG_TYPE.SCHED_CLS, 0],
  ['sched_act', PROG_TYPE.SCHED_ACT, 0],
  ['cgroup_skb', PROG_TYPE.CGROUP_SKB, 0],
  ['lwt_in', PROG_TYPE.LWT_IN, 0],
  ['lwt_xmit', PROG_TYPE.LWT_XMIT, 0],
  ['lwt_seg6local', PROG_TYPE.LWT_SEG6LOCAL, 0],
  ['sk_skb', PROG_TYPE.SK_SKB, 0],
  ['flow_dissector', PROG_TYPE.FLOW_DISSECTOR, 0],
  ['kprobe', PROG_TYPE.KPROBE, 0],
  ['perf_event', PROG_TYPE.PERF_EVENT, 0],
  ['raw_tracepoint', PROG_TYPE.RAW_TRACEPOINT, 0],
  ['raw_tracepoint_writable', PROG_TYPE.RAW_TRACEPOINT_WRITABLE, 0],
  ['cgroup_device', PROG_TYPE.CGROUP_DEVICE, ATTACH_TYPE.CGROUP_DEVICE],
  ['cgroup_sysctl', PROG_TYPE.CGROUP_SYSCTL, ATTACH_TYPE.CGROUP_SYSCTL],
  ['sock_ops', PROG_TYPE.SOCK_OPS, ATTACH_TYPE.CGROUP_SOCK_OPS],
  ['sk_msg', PROG_TYPE.SK_MSG, ATTACH_TYPE.SK_MSG_VERDICT],
  ['sk_reuseport', PROG_TYPE.SK_REUSEPORT, ATTACH_TYPE.SK_REUSEPORT_SELECT],
  ['sk_lookup', PROG_TYPE.SK_LOOKUP, ATTACH_TYPE.SK_LOOKUP],
  ['netfilter', PROG_TYPE.NETFILTER, ATTACH_TYPE.NETFILTER],
  ...hooks('setsockopt getsockopt', PROG_TYPE.CGROUP_SOCKOPT),
  ...hooks('inet_sock_create inet_sock_release inet4_post_bind inet6_post_bind', PROG_TYPE.CGROUP_SOCK),
  ...hooks('inet4_bind inet6_bind inet4_connect inet6_connect unix_connect', PROG_TYPE.CGROUP_SOCK_ADDR),
  ...hooks('udp4_sendmsg udp6_sendmsg unix_sendmsg udp4_recvmsg udp6_recvmsg', PROG_TYPE.CGROUP_SOCK_ADDR),
  ...hooks('inet4_getpeername inet6_getsockname unix_getsockname', PROG_TYPE.CGROUP_SOCK_ADDR),
]

/** Cases for hooks of control groups. */
function hooks(names: string, type: number): (readonly [string, number, number])[] {
  return names
    .split(' ')
    .map((name) => [name, type, ATTACH_TYPE[`CGROUP_${name.toUpperCase()}` as keyof typeof ATTACH_TYPE]])
}

interface Probe {
  readonly offsetBytes: number
  readonly sizeBytes: number
  readonly store: boolean
  readonly signed: boolean
  readonly insn: Insn
}

function probes(contextBytes: number): Probe[] {
  const found: Probe[] = []
  for (let offsetBytes = 0; offsetBytes < contextBytes + 8; offsetBytes++) {
    for (const [sizeBytes, size] of SIZES) {
      const load = (mode: number): Insn => BPF_RAW_INSN(isa.BPF_LDX | size | mode, 0, 1, offsetBytes, 0)
      const at = { offsetBytes, sizeBytes }
      found.push({ ...at, store: false, signed: false, insn: load(isa.BPF_MEM) })
      if (sizeBytes < 8) found.push({ ...at, store: false, signed: true, insn: load(isa.BPF_MEMSX) })
      const store = BPF_RAW_INSN(isa.BPF_STX | size | isa.BPF_MEM, 1, 2, offsetBytes, 0)
      found.push({ ...at, store: true, signed: false, insn: store })
    }
  }
  return found
}

/** Ends with a value that every hook may return. */
function exits(type: number): Insn[] {
  const value = type === PROG_TYPE.CGROUP_SOCK_ADDR ? 1 : 0
  return [BPF_MOV64_IMM(isa.BPF_REG_0, value), BPF_EXIT_INSN()]
}

function accepts(oracle: KernelOracle, type: number, expectedAttachType: number, insn: Insn): boolean {
  const insns = [BPF_MOV64_IMM(isa.BPF_REG_2, 0), insn, ...exits(type)]
  const answer = oracle.loadProgram({ type, expectedAttachType, insns, logLevel: 0 })
  oracle.close(answer.fd)
  return answer.ok
}

describe('context tables, every access of every size, against the kernel', () => {
  for (const [name, type, attachType] of CASES) {
    it(name, (ctx) => {
      const oracle = oracleOrSkip(ctx)
      const layout = contextLayout(type, { attachType })
      if (layout === undefined) throw new Error(`no context table for ${name}`)
      const wrong = probes(layout.sizeBytes)
        .filter(
          (probe) => accepts(oracle, type, attachType, probe.insn) !== (contextField(layout, probe) !== undefined),
        )
        .map(({ offsetBytes, sizeBytes, store, signed }) => ({ offsetBytes, sizeBytes, store, signed }))
      expect(wrong).toEqual([])
    })
  }

  it('says what a load yields as the log does', (ctx) => {
    const oracle = oracleOrSkip(ctx)
    for (const [name, type, attachType] of CASES) {
      for (const field of contextLayout(type, { attachType })?.fields ?? []) {
        const [bytes = 4] = field.loads.slice(-1)
        const size = SIZES.find(([sizeBytes]) => sizeBytes === bytes)?.[1] ?? isa.BPF_W
        const load = BPF_RAW_INSN(
          isa.BPF_LDX | size | isa.BPF_MEM,
          6,
          1,
          Math.ceil(field.offsetBytes / bytes) * bytes,
          0,
        )
        const insns = [load, ...exits(type)]
        const answer = oracle.loadProgram({ type, expectedAttachType: attachType, insns, logLevel: 2 })
        oracle.close(answer.fd)
        const yields = /; R1=ctx\(\) R6(?:_w)?=(\w+)\(/.exec(answer.log)?.[1]
        // A pointer by BTF goes on with the name of what it points to.
        const word = yields?.startsWith('trusted_ptr_') ? 'trusted_ptr' : yields
        expect(word, `${name} ${field.name}`).toBe(field.yields)
      }
    }
  })
})

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
]

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

function accepts(oracle: KernelOracle, type: number, expectedAttachType: number, insn: Insn): boolean {
  const zero = (register: number): Insn => BPF_MOV64_IMM(register, 0)
  const insns = [zero(isa.BPF_REG_2), insn, zero(isa.BPF_REG_0), BPF_EXIT_INSN()]
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
        const load = BPF_RAW_INSN(isa.BPF_LDX | size | isa.BPF_MEM, 6, 1, field.offsetBytes, 0)
        const insns = [load, BPF_MOV64_IMM(isa.BPF_REG_0, 0), BPF_EXIT_INSN()]
        const answer = oracle.loadProgram({ type, expectedAttachType: attachType, insns, logLevel: 2 })
        oracle.close(answer.fd)
        const yields = /; R1=ctx\(\) R6(?:_w)?=(\w+)\(/.exec(answer.log)?.[1]
        expect(yields, `${name} ${field.name}`).toBe(
          field.yields === 'sock_common_or_null' ? 'sock_common_or_null' : field.yields,
        )
      }
    }
  })
})

import * as isa from '@bpfoundry/isa'
import {
  BPF_ALU64_IMM,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_LD_MAP_FD,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  type Insn,
} from '@bpfoundry/isa'
import {
  ATTACH_TYPE,
  ERRNO,
  helperByName,
  kernelProfile,
  loadAttachTypeAllowed,
  MAP_FLAG,
  MAP_TYPE,
  mapHelperCompatible,
  mapTypeName,
  PROG_TYPE,
  programTypeName,
  returnRange,
} from '@bpfoundry/kernel-abi'
import { describe, expect, it } from 'vitest'
import type { KernelOracle, OracleMapSpec } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

const SIZES = { keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 4 }

/** Map types that can be made without more ado. */
const MAPS: readonly OracleMapSpec[] = [
  { ...SIZES, type: MAP_TYPE.HASH },
  { ...SIZES, type: MAP_TYPE.ARRAY },
  { ...SIZES, type: MAP_TYPE.PERCPU_HASH },
  { ...SIZES, type: MAP_TYPE.PERCPU_ARRAY },
  { ...SIZES, type: MAP_TYPE.LRU_HASH },
  { ...SIZES, type: MAP_TYPE.LRU_PERCPU_HASH },
  { ...SIZES, type: MAP_TYPE.LPM_TRIE, keySizeBytes: 8, flags: MAP_FLAG.NO_PREALLOC },
  { ...SIZES, type: MAP_TYPE.PROG_ARRAY },
  { ...SIZES, type: MAP_TYPE.PERF_EVENT_ARRAY },
  { ...SIZES, type: MAP_TYPE.STACK_TRACE, valueSizeBytes: 8 },
  { ...SIZES, type: MAP_TYPE.CGROUP_ARRAY },
  { ...SIZES, type: MAP_TYPE.DEVMAP },
  { ...SIZES, type: MAP_TYPE.DEVMAP_HASH },
  { ...SIZES, type: MAP_TYPE.CPUMAP, maxEntries: 1 },
  { ...SIZES, type: MAP_TYPE.XSKMAP },
  { ...SIZES, type: MAP_TYPE.QUEUE, keySizeBytes: 0 },
  { ...SIZES, type: MAP_TYPE.STACK, keySizeBytes: 0 },
  { ...SIZES, type: MAP_TYPE.BLOOM_FILTER, keySizeBytes: 0 },
  { type: MAP_TYPE.RINGBUF, keySizeBytes: 0, valueSizeBytes: 0, maxEntries: 4096 },
]

const STACK = 'stack'
const MAP = 'map'
const CTX = 'ctx'

/** What r1 and on are for a call that is right but for the map. */
const CALLS: readonly (readonly [name: string, ...args: (string | number)[]])[] = [
  ['map_lookup_elem', MAP, STACK],
  ['map_update_elem', MAP, STACK, STACK, 0],
  ['map_delete_elem', MAP, STACK],
  ['map_push_elem', MAP, STACK, 0],
  ['map_pop_elem', MAP, STACK],
  ['map_peek_elem', MAP, STACK],
  ['map_lookup_percpu_elem', MAP, STACK, 0],
  ['redirect_map', MAP, 0, 0],
  ['tail_call', CTX, MAP, 0],
  ['perf_event_output', CTX, MAP, 0, STACK, 8],
  ['ringbuf_output', MAP, STACK, 8, 0],
  ['ringbuf_query', MAP, 0],
]

function argument(register: number, what: string | number, fd: number): Insn[] {
  if (typeof what === 'number') return [BPF_MOV64_IMM(register, what)]
  if (what === MAP) return [...BPF_LD_MAP_FD(register, fd)]
  if (what === CTX) return [BPF_MOV64_REG(register, isa.BPF_REG_6)]
  return [BPF_MOV64_REG(register, isa.BPF_REG_10), BPF_ALU64_IMM(isa.BPF_ADD, register, -32)]
}

function callProgram([name, ...args]: readonly [string, ...(string | number)[]], fd: number): Insn[] {
  return [
    BPF_MOV64_REG(isa.BPF_REG_6, isa.BPF_REG_1),
    ...[-32, -24, -16, -8].map((offset) => BPF_ST_MEM(isa.BPF_DW, isa.BPF_REG_10, offset, 0)),
    ...args.flatMap((what, index) => argument(index + 1, what, fd)),
    BPF_EMIT_CALL(helperByName(name)?.id ?? 0),
    BPF_MOV64_IMM(isa.BPF_REG_0, 0),
    BPF_EXIT_INSN(),
  ]
}

const returning = (value: number): Insn[] => [BPF_MOV64_IMM(isa.BPF_REG_0, value), BPF_EXIT_INSN()]

function load(oracle: KernelOracle, type: number, expectedAttachType: number, insns: readonly Insn[]): number {
  const answer = oracle.loadProgram({ type, expectedAttachType, insns, logLevel: 0 })
  oracle.close(answer.fd)
  return answer.errno
}

describe('rules of a load against the kernel', () => {
  it('pairs map types with helpers', (ctx) => {
    const oracle = oracleOrSkip(ctx)
    for (const spec of MAPS) {
      const map = oracle.createMap(spec)
      for (const call of CALLS) {
        const answer = oracle.loadProgram({ type: PROG_TYPE.XDP, insns: callProgram(call, map.fd) })
        oracle.close(answer.fd)
        const compatible = mapHelperCompatible(spec.type, helperByName(call[0])?.id ?? 0)
        expect(answer.ok, `${call[0]} on ${mapTypeName(spec.type)}: ${answer.log}`).toBe(compatible)
      }
      oracle.close(map.fd)
    }
  })

  it('takes the attach types that the table says', (ctx) => {
    const oracle = oracleOrSkip(ctx)
    const types = [PROG_TYPE.XDP, PROG_TYPE.CGROUP_SKB, PROG_TYPE.CGROUP_SOCK, PROG_TYPE.CGROUP_SOCK_ADDR]
    for (const type of [
      ...types,
      PROG_TYPE.CGROUP_SOCKOPT,
      PROG_TYPE.SK_LOOKUP,
      PROG_TYPE.SK_REUSEPORT,
      PROG_TYPE.NETFILTER,
    ]) {
      for (const [name, attachType] of Object.entries(ATTACH_TYPE)) {
        const errno = load(oracle, type, attachType, returning(1))
        const wanted = loadAttachTypeAllowed(type, attachType) ? 0 : ERRNO.EINVAL
        expect(errno, `${programTypeName(type)} as ${name}`).toBe(wanted)
      }
    }
  })

  it('bounds the return value as the table says', (ctx) => {
    const oracle = oracleOrSkip(ctx)
    const types = [
      PROG_TYPE.XDP,
      PROG_TYPE.SOCKET_FILTER,
      PROG_TYPE.SCHED_CLS,
      PROG_TYPE.CGROUP_SKB,
      PROG_TYPE.CGROUP_SOCK,
    ]
    const more = [PROG_TYPE.CGROUP_SOCK_ADDR, PROG_TYPE.CGROUP_DEVICE, PROG_TYPE.CGROUP_SYSCTL, PROG_TYPE.SOCK_OPS]
    const rest = [PROG_TYPE.SK_LOOKUP, PROG_TYPE.NETFILTER, PROG_TYPE.KPROBE, PROG_TYPE.CGROUP_SOCKOPT]
    for (const type of [...types, ...more, ...rest]) {
      for (const [name, attachType] of Object.entries(ATTACH_TYPE)) {
        if (!loadAttachTypeAllowed(type, attachType)) continue
        const range = returnRange(type, attachType) ?? { min: -1, max: 4 }
        for (let value = -1; value <= 4; value++) {
          const wanted = value >= range.min && value <= range.max ? 0 : ERRNO.EINVAL
          const errno = load(oracle, type, attachType, returning(value))
          expect(errno, `${programTypeName(type)} as ${name} returns ${value}`).toBe(wanted)
        }
      }
    }
  })

  it('stops where the limits say', (ctx) => {
    const oracle = oracleOrSkip(ctx)
    const limits = kernelProfile()?.limits
    if (limits === undefined) throw new Error('no default profile')
    const storeAt = (bytes: number): Insn[] => [BPF_ST_MEM(isa.BPF_DW, isa.BPF_REG_10, -bytes, 0), ...returning(0)]
    expect(load(oracle, PROG_TYPE.XDP, 0, storeAt(limits.stackBytes))).toBe(0)
    expect(load(oracle, PROG_TYPE.XDP, 0, storeAt(limits.stackBytes + 8))).toBe(ERRNO.EACCES)
    const long = new Uint8Array((limits.privilegedInsns + 1) * isa.INSN_BYTES)
    const tooLong = oracle.loadProgram({ type: PROG_TYPE.XDP, insns: long, logLevel: 0 })
    expect(tooLong.errno).toBe(ERRNO.E2BIG)
  })
})

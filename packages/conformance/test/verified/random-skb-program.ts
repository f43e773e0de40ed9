import * as isa from '@bpfoundry/isa'
import {
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JMP_REG,
  BPF_LD_ABS,
  BPF_LD_IND,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  BPF_STX_MEM,
  type Insn,
} from '@bpfoundry/isa'
import {
  type ContextField,
  contextLayout,
  helperAllowed,
  helperByName,
  PROG_TYPE,
  SK_BUFF,
} from '@bpfoundry/kernel-abi'
import { createVector, type Vector } from '../../src/index.ts'

const { BPF_ADD, BPF_AND, BPF_B, BPF_DW, BPF_H, BPF_JGT, BPF_MUL, BPF_W } = isa
const { SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT } = PROG_TYPE

export const SKB_TYPES: readonly number[] = [SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT]
const DIRECT: ReadonlySet<number> = new Set([SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT])
const WITH_PACKET_LOADS: ReadonlySet<number> = new Set([SOCKET_FILTER, SCHED_CLS, SCHED_ACT])

export type Random = (below: number) => number

const SIZES: Readonly<Record<number, number>> = { 1: BPF_B, 2: BPF_H, 4: BPF_W, 8: BPF_DW }
const [ACC, CTX] = [7, 6]
const BUFFER = -64

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T

/** acc = acc * 31 + register */
const note = (register: number): readonly Insn[] => [
  BPF_ALU64_IMM(BPF_MUL, ACC, 31),
  BPF_ALU64_REG(BPF_ADD, ACC, register),
]

interface Making {
  readonly random: Random
  readonly type: number
  readonly packetBytes: number
  /** Not called: a packet that outgrew its headroom may become shorter in Linux than its headers (docs/parity/helpers.md). */
  readonly without: 'skb_change_tail' | 'skb_change_head'
}

type Statement = (making: Making) => readonly Insn[]

/** Fields whose values differ from kernel to kernel, or from socket to socket. */
const UNKNOWN = new Set(['sk', 'flow_keys', 'data', 'data_end', 'data_meta', 'hash', 'napi_id', 'tstamp_type'])

const fieldsOf = (type: number, of: 'loads' | 'stores'): readonly ContextField[] =>
  (contextLayout(type)?.fields ?? []).filter((field) => field[of].length > 0 && !UNKNOWN.has(field.name))

const loadField: Statement = ({ random, type }) => {
  const { offsetBytes, extentBytes, loads, anchored } = pick(random, fieldsOf(type, 'loads'))
  const size = pick(random, loads)
  const at = offsetBytes + (anchored ? 0 : size * random(Math.floor(extentBytes / size)))
  return [BPF_LDX_MEM(SIZES[size] as number, 2, CTX, at), ...note(2)]
}

const storeField: Statement = ({ random, type }) => {
  const { offsetBytes, extentBytes, stores } = pick(random, fieldsOf(type, 'stores'))
  const size = pick(random, stores)
  const at = offsetBytes + size * random(Math.floor(extentBytes / size))
  const value = pick(random, [0, 1, 0xffff, 0x12345, random(2 ** 31)])
  if (random(2) === 0) return [BPF_ST_MEM(SIZES[size] as number, CTX, at, value)]
  return [BPF_MOV64_IMM(3, value), BPF_STX_MEM(SIZES[size] as number, CTX, 3, at)]
}

const loadPacket: Statement = ({ random, type, packetBytes }) => {
  if (!WITH_PACKET_LOADS.has(type)) return []
  const size = pick(random, [BPF_B, BPF_H, BPF_W])
  const near = random(packetBytes + 4)
  const offset = pick(random, [near, near, near, -0x100000 + random(20), -0x200000 + random(20)])
  const load = random(2) === 0 ? [BPF_LD_ABS(size, offset)] : [BPF_MOV64_IMM(3, random(4)), BPF_LD_IND(size, 3, offset)]
  return [...load, ...note(0)]
}

const accessPacket: Statement = ({ random, type, packetBytes }) => {
  if (!DIRECT.has(type)) return []
  const size = pick(random, [1, 2, 4, 8])
  const offset = random(packetBytes + 4)
  const writes = type !== LWT_IN && type !== LWT_OUT && type !== CGROUP_SKB && random(2) === 0
  const code = SIZES[size] as number
  const body = writes ? [BPF_ST_MEM(code, 2, offset, random(2 ** 31))] : [BPF_LDX_MEM(code, 4, 2, offset), ...note(4)]
  return [
    BPF_LDX_MEM(BPF_W, 2, CTX, SK_BUFF.data),
    BPF_LDX_MEM(BPF_W, 3, CTX, SK_BUFF.dataEnd),
    BPF_MOV64_REG(4, 2),
    BPF_ALU64_IMM(BPF_ADD, 4, offset + size),
    BPF_JMP_REG(BPF_JGT, 4, 3, body.length),
    ...body,
  ]
}

const buffer = (register: number): readonly Insn[] => [
  BPF_MOV64_REG(register, 10),
  BPF_ALU64_IMM(BPF_ADD, register, BUFFER),
]
const set = (register: number, value: number): Insn => BPF_MOV64_IMM(register, value)

/** Arguments of a helper from r2 on, and what is noted of what it left. */
// biome-ignore format: table
const HELPERS: readonly (readonly [name: string, make: (random: Random, bytes: number) => readonly Insn[], after?: readonly Insn[]])[] = [
  ['skb_load_bytes',          (r, n) => [set(2, r(n + 4)), ...buffer(3), set(4, 8)], [BPF_LDX_MEM(BPF_DW, 1, 10, BUFFER), ...note(1)]],
  ['skb_load_bytes_relative', (r, n) => [set(2, r(n + 4)), ...buffer(3), set(4, 8), set(5, r(3))], [BPF_LDX_MEM(BPF_DW, 1, 10, BUFFER), ...note(1)]],
  ['skb_store_bytes',         (r, n) => [set(2, r(n + 4)), ...buffer(3), set(4, 1 + r(8)), set(5, r(5))]],
  ['skb_pull_data',           (r, n) => [set(2, r(n + 8))]],
  ['l3_csum_replace',         (r, n) => [set(2, r(n + 2)), set(3, pick(r, [0, r(2 ** 31)])), set(4, r(2 ** 31)), set(5, r(6))]],
  ['l4_csum_replace',         (r, n) => [set(2, r(n + 2)), set(3, pick(r, [0, r(2 ** 31)])), set(4, r(2 ** 31)), set(5, pick(r, [0, 2, 4, 3]) | (r(8) << 4))]],
  ['csum_update',             (r) => [set(2, r(2 ** 31))]],
  ['csum_level',              (r) => [set(2, r(5))]],
  ['skb_change_type',         (r) => [set(2, r(6))]],
  ['set_hash_invalid',        () => []],
  ['skb_change_tail',         (r, n) => [set(2, r(n + 40)), set(3, r(8) === 0 ? 1 : 0)]],
  ['skb_change_head',         (r) => [set(2, r(40)), set(3, r(8) === 0 ? 1 : 0)]],
  ['skb_vlan_push',           (r) => [set(2, pick(r, [0x81, 0xa888, 8])), set(3, r(65_536))]],
  ['skb_vlan_pop',            () => []],
]

/** Helpers that random programs call. */
export const CALLED_HELPERS: readonly string[] = [...HELPERS.map(([name]) => name), 'strtol', 'strtoul']

const callHelper: Statement = ({ random, type, packetBytes, without }) => {
  const allowed = HELPERS.filter(([name]) => name !== without && helperAllowed(type, helperByName(name)?.id as number))
  if (allowed.length === 0) return []
  const [name, make, after = []] = pick(random, allowed)
  return [
    ...make(random, packetBytes),
    BPF_MOV64_REG(1, CTX),
    BPF_EMIT_CALL(helperByName(name)?.id as number),
    ...note(0),
    ...after,
  ]
}

const CHARACTERS = ' \t-0012789xXafF\0z'
const word = (random: Random): number =>
  [0, 8, 16, 24].reduce((sum, shift) => sum | (CHARACTERS.charCodeAt(random(CHARACTERS.length)) << shift), 0)

/** A number in a text of at most 24 characters on the stack. */
const readNumber: Statement = ({ random, type }) => {
  const name = pick(random, ['strtol', 'strtoul'])
  const id = helperByName(name)?.id as number
  if (!helperAllowed(type, id)) return []
  const digits = random(3) === 0 ? () => 0x39393939 : () => word(random)
  return [
    ...[0, 4, 8, 12, 16, 20].map((at) => BPF_ST_MEM(BPF_W, 10, BUFFER + at, at === 0 ? word(random) : digits())),
    ...buffer(1),
    set(2, 1 + random(24)),
    set(3, pick(random, [0, 8, 10, 16, 16, 10, 2, 40])),
    BPF_MOV64_REG(4, 10),
    BPF_ALU64_IMM(BPF_ADD, 4, BUFFER + 32),
    BPF_EMIT_CALL(id),
    ...note(0),
    BPF_LDX_MEM(BPF_DW, 1, 10, BUFFER + 32),
    ...note(1),
  ]
}

const STATEMENTS: readonly Statement[] = [loadField, storeField, loadPacket, accessPacket, callHelper, readNumber]

/** Leaves in cb what it saw, where programs of the type may write it, and returns it. */
function randomInsns(making: Making): readonly Insn[] {
  const { random, type } = making
  const body = Array.from({ length: 1 + random(8) }, () => pick(random, STATEMENTS)(making)).flat()
  return [
    BPF_MOV64_REG(CTX, 1),
    BPF_MOV64_IMM(ACC, 1),
    ...[0, 8, 16, 24, 32, 40, 48, 56].map((at) => BPF_ST_MEM(BPF_DW, 10, BUFFER + at, random(2 ** 31))),
    ...body,
    ...(fieldsOf(type, 'stores').some(({ name }) => name === 'cb') ? [BPF_STX_MEM(BPF_DW, CTX, ACC, SK_BUFF.cb)] : []),
    BPF_MOV64_REG(0, ACC),
    ...(type === CGROUP_SKB ? [BPF_ALU64_IMM(BPF_AND, 0, 1)] : []),
    BPF_EXIT_INSN(),
  ]
}

function randomFrame(random: Random): Uint8Array {
  const frame = Uint8Array.from({ length: 14 + random(80) }, () => random(256))
  if (random(3) > 0) frame.fill(0, 0, 6)
  const type = pick(random, [0x0800, 0x86dd, 0x0806, 0x0010, 0x8100, random(65_536)])
  frame.set([type >>> 8, type & 0xff], 12)
  if (random(8) === 0 && frame.length > 16) frame.set([0xff, 0xff], 14)
  return frame
}

const GIVEN = ['mark', 'priority', 'ingressIfindex', 'wireLen', 'gsoSegs', 'gsoSize'] as const

function randomContext(random: Random): Uint8Array {
  const ctx = new Uint8Array(pick(random, [192, 192, 192, 192, 100, 200]))
  const view = new DataView(ctx.buffer)
  for (const name of GIVEN) {
    if (SK_BUFF[name] + 4 <= ctx.length && random(2) === 0) view.setUint32(SK_BUFF[name], random(2000), true)
  }
  for (let at = 0; at < 20; at++) ctx[SK_BUFF.cb + at] = random(256)
  if (ctx.length >= 192) view.setBigUint64(SK_BUFF.tstamp, BigInt(random(2 ** 31)), true)
  if (random(12) === 0) ctx[random(ctx.length)] = 1
  return ctx
}

/** A program of a type on a socket buffer, with two frames that it runs on. */
export function randomSkbVector(id: number, random: Random): Vector {
  const type = pick(random, SKB_TYPES)
  const frames = [randomFrame(random), randomFrame(random)]
  const without = pick(random, ['skb_change_tail', 'skb_change_head'] as const)
  const insns = randomInsns({ random, type, packetBytes: (frames[0] as Uint8Array).length, without })
  const runs = frames.map((dataIn, index) => ({
    dataIn,
    repeat: random(3),
    flags: 0,
    ...(index === 0 ? { ctxOutBytes: 192 } : {}),
    ...(random(2) === 0 ? { ctxIn: randomContext(random), ctxOutBytes: pick(random, [192, 192, 192, 8]) } : {}),
    ...(random(8) === 0 ? { dataOutBytes: random(40) } : {}),
  }))
  return createVector({ id, type, insns, runs, listsRuns: true })
}

import { BPF_B, BPF_DW, BPF_H, BPF_W } from '@bpfoundry/isa'
import { linearBytes, packetBytes, type SocketBuffer } from '../socket-buffer.ts'
import { HELPER_IDS } from './classic-helpers.ts'
import type { ContextField, ContextLayout } from './context-layout.ts'

/**
 * A socket buffer in the memory of translated programs, little-endian, pointers being offsets into that memory:
 *
 * ```
 *  0   u64 data          16  u64 dev           32  u16 queue_mapping     44  u32 head             60  u32 fragment table
 *  8   u32 len           24  u32 mark          34  be16 protocol         48  s32 network offset   64  dev: u32 ifindex
 *  12  u32 data_len      28  u32 hash          36  be16 vlan_proto       52  s32 mac offset       68       u16 type
 *                                              38  u16 vlan_tci          56  u32 fragments        72  fragment table
 *                                              40  u8 pkt_type
 *                                              41  u8 mac offset is set
 * ```
 *
 * Behind the table (u32 address, u32 bytes for each fragment) come the fragments and then the head, so that what lies
 * behind the linear part is not the rest of the packet.
 */
const FIELD = {
  data: 0,
  len: 8,
  dataLen: 12,
  dev: 16,
  mark: 24,
  hash: 28,
  queueMapping: 32,
  protocol: 34,
  vlanProtocol: 36,
  vlanTag: 38,
  packetType: 40,
  macIsSet: 41,
  head: 44,
  networkOffset: 48,
  macOffset: 52,
  fragments: 56,
  fragmentTable: 60,
} as const
const DEVICE = { at: 64, ifindex: 0, type: 4 } as const
const STRUCT_BYTES = 72
const FRAGMENT_BYTES = 8

const field = (size: number, off: number): ContextField => ({ size, off })
const DEV = field(BPF_DW, FIELD.dev)

/** Translated for it, a classic program runs on every engine, with the helpers of this package (`CLASSIC_HELPERS`). */
export const GUEST_CONTEXT: ContextLayout = {
  name: 'the socket buffer in guest memory',
  verified: false,
  length: field(BPF_W, FIELD.len),
  packet: {
    kind: 'memory',
    data: field(BPF_DW, FIELD.data),
    fragmentsLength: field(BPF_W, FIELD.dataLen),
    helpers: { 1: HELPER_IDS.load_byte, 2: HELPER_IDS.load_half, 4: HELPER_IDS.load_word },
  },
  ancillary: {
    protocol: { kind: 'field', field: field(BPF_H, FIELD.protocol), byteOrder: 'big' },
    pkttype: { kind: 'field', field: field(BPF_B, FIELD.packetType) },
    ifindex: { kind: 'pointed', pointer: DEV, field: field(BPF_W, DEVICE.ifindex) },
    hatype: { kind: 'pointed', pointer: DEV, field: field(BPF_H, DEVICE.type) },
    mark: { kind: 'field', field: field(BPF_W, FIELD.mark) },
    queue: { kind: 'field', field: field(BPF_H, FIELD.queueMapping) },
    rxhash: { kind: 'field', field: field(BPF_W, FIELD.hash) },
    vlan_tag: { kind: 'field', field: field(BPF_H, FIELD.vlanTag) },
    vlan_tag_present: { kind: 'flag', field: field(BPF_W, FIELD.vlanProtocol) },
    vlan_tpid: { kind: 'field', field: field(BPF_H, FIELD.vlanProtocol), byteOrder: 'big' },
    nlattr: { kind: 'call', helper: HELPER_IDS.nlattr },
    nlattr_nest: { kind: 'call', helper: HELPER_IDS.nlattr_nest },
    pay_offset: { kind: 'call', helper: HELPER_IDS.pay_offset },
    cpu: { kind: 'call', helper: HELPER_IDS.cpu },
    random: { kind: 'call', helper: HELPER_IDS.random },
  },
}

/** Bytes that {@link writeGuestBuffer} needs for it. */
export function guestBufferBytes({ head, fragments }: SocketBuffer): number {
  const payload = fragments.reduce((sum, { length }) => sum + length, head.length)
  return STRUCT_BYTES + fragments.length * FRAGMENT_BYTES + payload
}

/** Puts a buffer into `memory` at `address`, a multiple of 8; `address` is the context that programs are given. */
export function writeGuestBuffer(memory: Uint8Array, address: number, buffer: SocketBuffer): void {
  const view = new DataView(memory.buffer, memory.byteOffset + address, guestBufferBytes(buffer))
  const table = STRUCT_BYTES
  let at = table + buffer.fragments.length * FRAGMENT_BYTES
  for (const [index, fragment] of buffer.fragments.entries()) {
    view.setUint32(table + index * FRAGMENT_BYTES, address + at, true)
    view.setUint32(table + index * FRAGMENT_BYTES + 4, fragment.length, true)
    memory.set(fragment, address + at)
    at += fragment.length
  }
  memory.set(buffer.head, address + at)
  writePointers(view, address, buffer, { table, head: at })
  writeMetadata(view, buffer)
}

interface Places {
  readonly table: number
  readonly head: number
}

function writePointers(view: DataView, address: number, buffer: SocketBuffer, { table, head }: Places): void {
  const { device, fragments, headroomBytes } = buffer
  const bytes = packetBytes(buffer)
  view.setBigUint64(FIELD.data, BigInt(address + head + headroomBytes), true)
  view.setUint32(FIELD.len, bytes, true)
  view.setUint32(FIELD.dataLen, bytes - linearBytes(buffer), true)
  view.setBigUint64(FIELD.dev, device === undefined ? 0n : BigInt(address + DEVICE.at), true)
  view.setUint32(FIELD.head, address + head, true)
  view.setUint32(FIELD.fragments, fragments.length, true)
  view.setUint32(FIELD.fragmentTable, address + table, true)
  view.setUint32(DEVICE.at + DEVICE.ifindex, device?.ifindex ?? 0, true)
  view.setUint16(DEVICE.at + DEVICE.type, device?.type ?? 0, true)
}

function writeMetadata(view: DataView, buffer: SocketBuffer): void {
  view.setUint32(FIELD.mark, buffer.mark, true)
  view.setUint32(FIELD.hash, buffer.hash, true)
  view.setUint16(FIELD.queueMapping, buffer.queueMapping, true)
  view.setUint16(FIELD.protocol, buffer.protocol)
  view.setUint16(FIELD.vlanProtocol, buffer.vlanProtocol)
  view.setUint16(FIELD.vlanTag, buffer.vlanTag, true)
  view.setUint8(FIELD.packetType, buffer.packetType)
  view.setUint8(FIELD.macIsSet, buffer.macOffset === undefined ? 0 : 1)
  view.setInt32(FIELD.networkOffset, buffer.networkOffset, true)
  view.setInt32(FIELD.macOffset, buffer.macOffset ?? 0, true)
}

/** The buffer at `address`, a view of `memory`: what helpers of translated programs work on. */
export function readGuestBuffer(memory: Uint8Array, address: number): SocketBuffer {
  const view = new DataView(memory.buffer, memory.byteOffset)
  const u32 = (at: number): number => view.getUint32(address + at, true)
  const u16 = (at: number, little: boolean): number => view.getUint16(address + at, little)
  const head = u32(FIELD.head)
  const data = u32(FIELD.data)
  const linear = u32(FIELD.len) - u32(FIELD.dataLen)
  const fragments = Array.from({ length: u32(FIELD.fragments) }, (_, index) => {
    const entry = u32(FIELD.fragmentTable) + index * FRAGMENT_BYTES
    const start = view.getUint32(entry, true)
    return memory.subarray(start, start + view.getUint32(entry + 4, true))
  })
  const device = u32(FIELD.dev)
  return {
    head: memory.subarray(head, data + linear),
    headroomBytes: data - head,
    fragments,
    networkOffset: u32(FIELD.networkOffset) | 0,
    ...(view.getUint8(address + FIELD.macIsSet) === 0 ? {} : { macOffset: u32(FIELD.macOffset) | 0 }),
    protocol: u16(FIELD.protocol, false),
    packetType: view.getUint8(address + FIELD.packetType),
    mark: u32(FIELD.mark),
    hash: u32(FIELD.hash),
    queueMapping: u16(FIELD.queueMapping, true),
    vlanTag: u16(FIELD.vlanTag, true),
    vlanProtocol: u16(FIELD.vlanProtocol, false),
    ...(device === 0 ? {} : { device: { ifindex: u32(DEVICE.at), type: u16(DEVICE.at + DEVICE.type, true) } }),
  }
}

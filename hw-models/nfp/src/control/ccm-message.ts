/**
 * Messages between driver and firmware: the "common control messages" of a card with BPF firmware, numbers big-endian.
 *
 * ```
 *  0      1      2             4
 *  +------+------+-------------+----------------------
 *  | type | ver  | tag         | body
 *  +------+------+-------------+----------------------
 * ```
 *
 * @see nfp/ccm.h, nfp/bpf/fw.h of Linux 6.12; nfp.md 1.6
 */

/** enum nfp_ccm_type. */
export const CCM_TYPE = {
  MAP_ALLOC: 1,
  MAP_FREE: 2,
  MAP_LOOKUP: 3,
  MAP_UPDATE: 4,
  MAP_DELETE: 5,
  MAP_GETNEXT: 6,
  MAP_GETFIRST: 7,
  BPF_EVENT: 8,
} as const

export type CcmType = (typeof CCM_TYPE)[keyof typeof CCM_TYPE]

/** Set in the type of a reply. */
export const CCM_REPLY = 0x80
export const CCM_VERSION = 1
const CCM_HEADER_BYTES = 4
/** cmsg_reply_map_simple: the least that is a reply. */
export const CCM_REPLY_BYTES = 8
/** cmsg_req_map_op, cmsg_reply_map_op: what stands before the elements. */
const OPERATION_BYTES = 16

/** Sizes of the fields that hold a key and a value in a message. */
export interface ElementSlots {
  readonly keyBytes: number
  readonly valueBytes: number
}

/** A key and a value, each as long as its slot. */
export interface CcmElement {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** Header of a message. */
export interface CcmHeader {
  readonly type: number
  readonly version: number
  readonly tag: number
}

/** MAP_ALLOC: cmsg_req_map_alloc_tbl. */
export interface MapAllocation {
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  readonly maxEntries: number
  readonly mapType: number
}

/** MAP_LOOKUP and on: cmsg_req_map_op. */
export interface MapOperation {
  readonly tableId: number
  /** Elements wanted. */
  readonly count: number
  readonly flags: number
  readonly element: CcmElement
}

/** cmsg_reply_map_op. */
export interface MapOperationReply {
  readonly status: number
  /** Elements that are good; where there was an error, one more stands in the message. */
  readonly count: number
  readonly elements: readonly CcmElement[]
}

const view = (message: Uint8Array): DataView => new DataView(message.buffer, message.byteOffset, message.byteLength)

/** @param message at least 4 bytes */
export function readHeader(message: Uint8Array): CcmHeader {
  return { type: message[0] ?? 0, version: message[1] ?? 0, tag: view(message).getUint16(2) }
}

function message(
  type: number,
  words: readonly number[],
  lengthBytes = CCM_HEADER_BYTES + 4 * words.length,
): Uint8Array {
  const bytes = new Uint8Array(lengthBytes)
  bytes[0] = type
  bytes[1] = CCM_VERSION
  for (const [index, word] of words.entries()) view(bytes).setUint32(CCM_HEADER_BYTES + 4 * index, word)
  return bytes
}

/** Puts the tag into a message. */
export function setTag(bytes: Uint8Array, tag: number): void {
  view(bytes).setUint16(2, tag)
}

const word = (bytes: Uint8Array, index: number): number => view(bytes).getUint32(CCM_HEADER_BYTES + 4 * index)

export function allocationRequest(wanted: MapAllocation): Uint8Array {
  const { keySizeBytes, valueSizeBytes, maxEntries, mapType } = wanted
  return message(CCM_TYPE.MAP_ALLOC, [keySizeBytes, valueSizeBytes, maxEntries, mapType, 0])
}

export function readAllocation(bytes: Uint8Array): MapAllocation {
  return {
    keySizeBytes: word(bytes, 0),
    valueSizeBytes: word(bytes, 1),
    maxEntries: word(bytes, 2),
    mapType: word(bytes, 3),
  }
}

/** Length of the replies to MAP_ALLOC and MAP_FREE. */
export const TABLE_REPLY_BYTES = 12

/** Reply to MAP_ALLOC with the table's number, or to MAP_FREE. */
export function tableReply(type: CcmType, status: number, table: number): Uint8Array {
  return message(CCM_REPLY | type, [status, table])
}

export function freeRequest(tableId: number): Uint8Array {
  return message(CCM_TYPE.MAP_FREE, [tableId])
}

/** First word after the header: the table of a request, the status of a reply. */
export function firstWord(bytes: Uint8Array): number {
  return word(bytes, 0)
}

/** Second word after the header: the table's number in the reply to MAP_ALLOC. */
export function secondWord(bytes: Uint8Array): number {
  return word(bytes, 1)
}

export function operationBytes(slots: ElementSlots, elements: number): number {
  return OPERATION_BYTES + elements * (slots.keyBytes + slots.valueBytes)
}

/** @param element key and value, shorter than their slots or absent */
export function operationRequest(
  type: CcmType,
  slots: ElementSlots,
  { tableId, count, flags, element }: Omit<MapOperation, 'element'> & { readonly element: Partial<CcmElement> },
): Uint8Array {
  const bytes = message(type, [tableId, count, flags], operationBytes(slots, 1))
  if (element.key !== undefined) bytes.set(element.key, OPERATION_BYTES)
  if (element.value !== undefined) bytes.set(element.value, OPERATION_BYTES + slots.keyBytes)
  return bytes
}

export function readOperation(bytes: Uint8Array, slots: ElementSlots): MapOperation {
  return { tableId: word(bytes, 0), count: word(bytes, 1), flags: word(bytes, 2), element: elementAt(bytes, slots, 0) }
}

export function operationReply(type: CcmType, slots: ElementSlots, reply: MapOperationReply): Uint8Array {
  const extra = reply.status === 0 ? 0 : 1
  const bytes = message(
    CCM_REPLY | type,
    [reply.status, reply.count, 0],
    operationBytes(slots, reply.elements.length + extra),
  )
  for (const [index, { key, value }] of reply.elements.entries()) {
    const at = operationBytes(slots, index)
    bytes.set(key, at)
    bytes.set(value, at + slots.keyBytes)
  }
  return bytes
}

/** Elements of a reply, as far as it says that they are good. Its length must have been checked. */
export function readElements(bytes: Uint8Array, slots: ElementSlots): CcmElement[] {
  return Array.from({ length: secondWord(bytes) }, (_, index) => elementAt(bytes, slots, index))
}

function elementAt(bytes: Uint8Array, slots: ElementSlots, index: number): CcmElement {
  const at = operationBytes(slots, index)
  const middle = at + slots.keyBytes
  return { key: bytes.subarray(at, middle), value: bytes.subarray(middle, middle + slots.valueBytes) }
}

import { findAttribute, findNestedAttribute } from '../netlink-attribute.ts'
import { loadPacket } from '../packet-load.ts'
import { payloadOffset } from '../payload-offset.ts'
import type { ClassicHost, SocketBuffer } from '../socket-buffer.ts'

/** Numbers of the helpers that translated programs call. They are this package's own, no BPF_FUNC_*. */
export const HELPER_IDS = {
  load_byte: 1,
  load_half: 2,
  load_word: 3,
  nlattr: 4,
  nlattr_nest: 5,
  pay_offset: 6,
  cpu: 7,
  random: 8,
} as const

/** What a helper is called with: r1 as the buffer that it points to; r2, r3 and r4, the low 32 bits, unsigned. */
export interface HelperCall {
  readonly buffer: SocketBuffer
  readonly host: ClassicHost
  readonly r2: number
  readonly r3: number
  readonly r4: number
}

/** @returns r0, unsigned 32 bits; negative: an errno, which the program takes as the end */
export type ClassicHelper = (call: HelperCall) => number

const EFAULT = 14

/** Loads wherever the packet lies. r2 and r3, the packet and the length of its linear part, are known from the buffer. */
function loader(bytes: 1 | 2 | 4): ClassicHelper {
  return ({ buffer, r4 }) => loadPacket(buffer, r4, bytes) ?? -EFAULT
}

/** The helpers by number, for programs that were translated for `GUEST_CONTEXT`. */
export const CLASSIC_HELPERS: ReadonlyMap<number, ClassicHelper> = new Map<number, ClassicHelper>([
  [HELPER_IDS.load_byte, loader(1)],
  [HELPER_IDS.load_half, loader(2)],
  [HELPER_IDS.load_word, loader(4)],
  [HELPER_IDS.nlattr, ({ buffer, r2, r3 }) => findAttribute(buffer, r2, r3)],
  [HELPER_IDS.nlattr_nest, ({ buffer, r2, r3 }) => findNestedAttribute(buffer, r2, r3)],
  [HELPER_IDS.pay_offset, ({ buffer }) => payloadOffset(buffer)],
  [HELPER_IDS.cpu, ({ host }) => host.cpu],
  [HELPER_IDS.random, ({ host }) => host.random() >>> 0],
])

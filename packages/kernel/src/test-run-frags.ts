import type { GuestMemory } from '@bpfoundry/guest-memory'
import { MAX_SKB_FRAGS, XDP_SHARED_INFO } from '@bpfoundry/kernel-abi'

const PAGE_BYTES = 4096

/** Room for all frags of a test run: a page each. */
export const TEST_RUN_FRAGS_BYTES: number = MAX_SKB_FRAGS * PAGE_BYTES

const { fragCount, fragsBytes, bufferCount, frags, fragStrideBytes, fragData, fragLength, fragBuffer } = XDP_SHARED_INFO

/** Puts `rest` into the pages from `pages` on, and lists them in the shared info of the frame that ends at `frameEnd`. */
export function placeFrags(memory: GuestMemory, frameEnd: number, pages: number, rest: Uint8Array): void {
  const info = frameEnd - XDP_SHARED_INFO.sizeBytes
  const set = (address: number, value: number): void => {
    memory.u32[address >>> 2] = value
  }
  const count = Math.ceil(rest.length / PAGE_BYTES)
  memory.u8.fill(0, pages, pages + count * PAGE_BYTES)
  memory.u8.set(rest, pages)
  set(info + fragCount, count)
  set(info + fragsBytes, rest.length)
  set(info + bufferCount, count)
  for (let n = 0; n < count; n++) {
    const frag = info + frags + n * fragStrideBytes
    set(frag + fragData, pages + n * PAGE_BYTES)
    set(frag + fragLength, Math.min(PAGE_BYTES, rest.length - n * PAGE_BYTES))
    set(frag + fragBuffer, pages + n * PAGE_BYTES)
  }
}

/** The bytes of the frags that the shared info of that frame lists; it is all zeros where there were none. */
export function fragBytes({ u8, u32 }: GuestMemory, frameEnd: number): Uint8Array {
  const info = frameEnd - XDP_SHARED_INFO.sizeBytes
  const bytes = new Uint8Array(u32[(info + fragsBytes) >>> 2] as number)
  const count = u32[(info + fragCount) >>> 2] as number
  let at = 0
  for (let n = 0; n < count; n++) {
    const frag = info + frags + n * fragStrideBytes
    const data = u32[(frag + fragData) >>> 2] as number
    const length = u32[(frag + fragLength) >>> 2] as number
    bytes.set(u8.subarray(data, data + length), at)
    at += length
  }
  return bytes
}

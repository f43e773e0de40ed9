/** Reading, comparing and copying short byte strings in guest memory, without allocation. */
import type { GuestMemory } from '@bpfoundry/guest-memory'

/** Over this many bytes a call into the engine's own copy is cheaper than a loop. */
const LOOP_BYTES = 64

/** The u32 at any address; keys may lie unaligned, in a packet. */
export function readWord(memory: GuestMemory, address: number): number {
  return (address & 3) === 0 ? (memory.u32[address >>> 2] as number) : memory.view.getUint32(address, true)
}

/** Copies `lengthBytes` bytes; the two do not overlap. */
export function copyBytes(memory: GuestMemory, to: number, from: number, lengthBytes: number): void {
  if (lengthBytes > LOOP_BYTES) {
    memory.u8.copyWithin(to, from, from + lengthBytes)
    return
  }
  let done = 0
  if (((to | from) & 3) === 0) {
    const u32 = memory.u32
    const target = to >>> 2
    const source = from >>> 2
    const words = lengthBytes >>> 2
    for (let n = 0; n < words; n++) u32[target + n] = u32[source + n] as number
    done = words << 2
  }
  const u8 = memory.u8
  for (; done < lengthBytes; done++) u8[to + done] = u8[from + done] as number
}

/** Sets `lengthBytes` bytes to 0. */
export function clearBytes(memory: GuestMemory, at: number, lengthBytes: number): void {
  memory.u8.fill(0, at, at + lengthBytes)
}

/** Whether two byte strings are equal; `a` is aligned to 4. */
export function equalBytes(memory: GuestMemory, a: number, b: number, lengthBytes: number): boolean {
  const { u8, u32 } = memory
  const first = a >>> 2
  const words = lengthBytes >>> 2
  for (let n = 0; n < words; n++) if (u32[first + n] !== readWord(memory, b + 4 * n)) return false
  for (let n = words << 2; n < lengthBytes; n++) if (u8[a + n] !== u8[b + n]) return false
  return true
}

import type { Microengine } from '@bpfoundry/microengine'

/** Index registers of local memory: the key of a map helper, and the value of an update. @see map_call_stack_common in nfp/bpf/jit.c */
export const KEY_INDEX = 0
export const VALUE_INDEX = 2

/** Copies bytes of a program's stack, which lies in the core's local memory as little-endian words. */
export function copyFromStack(
  core: Microengine,
  addressBytes: number,
  to: Uint8Array,
  at: number,
  lengthBytes: number,
): void {
  const { localMemory } = core.state
  for (let byte = 0; byte < lengthBytes; byte++) {
    const from = addressBytes + byte
    to[at + byte] = (localMemory[from >>> 2] ?? 0) >>> (8 * (from & 3))
  }
}

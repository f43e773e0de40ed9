/** What writes distances into branches once their targets are known. The fields are empty until then. */
import { type MachineBuffer, type Patch, requireRange } from '@bpfoundry/codegen'

const patch =
  (bits: number, shift: number): Patch =>
  (buffer: MachineBuffer, at: number, target: number) => {
    const distance = requireRange((target - at) >> 2, bits, at)
    buffer.patchU32(at, buffer.readU32(at) | ((distance & (2 ** bits - 1)) << shift))
  }

/** b, bl: 128 MiB to both sides. */
export const IMM26: Patch = patch(26, 0)
/** b.cond, cbz, cbnz: 1 MiB. */
export const IMM19: Patch = patch(19, 5)
/** tbz, tbnz: 32 KiB. */
export const IMM14: Patch = patch(14, 5)

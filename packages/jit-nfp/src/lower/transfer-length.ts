import { NO_OPERAND } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'

/** Fields of the previous ALU result that an indirect command looks at: nfp_asm.h CMD_OVE_LEN, CMD_OV_LEN. */
export const OVERRIDE_LENGTH: number = 1 << 7
export const LENGTH_SHIFT = 8

/** Sets the stored length (one less than the units) of the next command, which has to be indirect. */
export function overrideLength(emit: Emission, storedLength: number): void {
  emit.load(NO_OPERAND, OVERRIDE_LENGTH | (storedLength << LENGTH_SHIFT))
}

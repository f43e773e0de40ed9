/**
 * Which registers of a core hold what, by the agreement of driver and firmware.
 *
 * | register | holds |
 * |---|---|
 * | GPR 2n, 2n+1, both banks | low and high half of Rn |
 * | GPR 20, both banks | an address that was computed |
 * | GPR 21, both banks | whatever is needed for a moment; the return address of a call (A) |
 * | GPR 22, bank A | start of the stack in local memory |
 * | GPR 22, bank B | length of the packet |
 * | *l$index0 | the first 64 bytes of the stack |
 * | *l$index1 | the packet's vector: length, address in CTM, selected queue |
 * | *l$index3 | the rest of the stack, a window at a time |
 *
 * @see nfp.md, section 1.3; enum static_regs and enum pkt_vec in nfp/bpf/main.h
 */
import { gprA, gprB, gprBoth, local, type Operand } from '@bpfoundry/microcode'

/** GPR of the low half of a BPF register. */
export const low = (register: number): number => 2 * register
/** GPR of the high half. */
export const high = (register: number): number => 2 * register + 1

const ADDRESS = 20
export const ADDRESS_A: Operand = gprA(ADDRESS)
export const ADDRESS_B: Operand = gprB(ADDRESS)

const TEMPORARY = 21
export const TEMP_A: Operand = gprA(TEMPORARY)
export const TEMP_B: Operand = gprB(TEMPORARY)
export const TEMP_BOTH: Operand = gprBoth(TEMPORARY)
/** Where a function finds the way back to its caller. */
export const RETURN_ADDRESS: Operand = TEMP_A

export const STACK_START: Operand = gprA(22)
export const PACKET_LENGTH: Operand = gprB(22)

export const VECTOR_LENGTH: Operand = local(1, 0)
export const PACKET_POINTER: Operand = local(1, 2)
export const QUEUE_SELECTED: Operand = local(1, 4)
export const SELECTED_QUEUE: Operand = local(1, 6)

/** A store to `rx_queue_index` chooses the queue that the packet goes to. */
import { ERRNO, XDP_MD } from '@bpfoundry/kernel-abi'
import { gprA, gprB, imm as immediate, NO_OPERAND, NO_SHIFT, shiftLeft } from '@bpfoundry/microcode'
import { low, QUEUE_SELECTED, SELECTED_QUEUE } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'

/** Bit of the packet's vector that tells that a queue was chosen. */
const SELECTED_BIT = 4
/** Queues of a port at most; as a queue's number it means none. */
const MAX_QUEUES = 64
const HIGHEST_QUEUE = 0xff
const LOW_BYTE = 1

export const selectQueue: Lower = ({ emit }, { src, off }) => {
  if (off !== XDP_MD.rxQueueIndex) {
    emit.refuse(ERRNO.EOPNOTSUPP)
    return
  }
  const fits = emit.here + 5
  emit.alu(NO_OPERAND, gprA(low(src)), 'AND~', immediate(HIGHEST_QUEUE))
  emit.branch('beq', fits, 2)
  emit.shf(QUEUE_SELECTED, QUEUE_SELECTED, 'OR', immediate(1), shiftLeft(SELECTED_BIT))
  emit.ldField(SELECTED_QUEUE, LOW_BYTE, gprB(low(src)), NO_SHIFT)
  emit.ldField(SELECTED_QUEUE, LOW_BYTE, immediate(MAX_QUEUES), NO_SHIFT)
  emit.expectHere(fits)
}

/** bpf_xdp_adjust_head and bpf_xdp_adjust_tail: r2 bytes are taken off or added, when the result is possible. */
import { ERRNO } from '@bpfoundry/kernel-abi'
import { gprA, gprBoth, imm as immediate, NO_SHIFT } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { low, PACKET_LENGTH, PACKET_POINTER, TEMP_A, TEMP_B, VECTOR_LENGTH } from '../emit/registers.ts'
import type { Lower } from './lowering.ts'

/** An Ethernet header has to stay. */
const ETH_HLEN = 14
const DELTA = gprA(low(2))
const RESULT_LOW = gprBoth(0)
const RESULT_HIGH = gprBoth(1)
/** Offset of the packet within its buffer. */
const OFFSET_BYTES = 0x3
const FAILURE_WORDS = 2

function succeed(emit: Emission): void {
  emit.load(RESULT_LOW, 0)
  emit.load(RESULT_HIGH, 0)
}

/** r0 = -EINVAL */
function fail(emit: Emission): void {
  emit.load(RESULT_LOW, -ERRNO.EINVAL)
  emit.load(RESULT_HIGH, -1)
}

/** Both lengths that are kept: the program's and the firmware's. */
function changeLength(emit: Emission, op: '+' | '-'): void {
  emit.alu(PACKET_LENGTH, PACKET_LENGTH, op, DELTA)
  emit.alu(VECTOR_LENGTH, VECTOR_LENGTH, op, DELTA)
}

/** Five words where the card guarantees success, fourteen and the failure otherwise. */
export const adjustHead: Lower = (to, { pc }) => {
  const { emit, program } = to
  const { guaranteedAdjustHead } = program
  if (guaranteedAdjustHead === undefined) {
    checkedAdjustHead(emit, program.target.adjustHead ?? { offMin: 0, offMax: 0 })
  } else if (guaranteedAdjustHead === pc) {
    emit.alu(PACKET_POINTER, DELTA, '+', PACKET_POINTER)
    changeLength(emit, '-')
    succeed(emit)
  } else {
    emit.refuse(ERRNO.EINVAL)
  }
}

function checkedAdjustHead(emit: Emission, { offMin, offMax }: { offMin: number; offMax: number }): void {
  const failure = emit.here + 14
  // The offset is only a part of the packet's pointer.
  emit.alu(TEMP_A, DELTA, '+16', PACKET_POINTER)
  emit.compare(TEMP_A, immediate(offMin & 0xff))
  emit.branch('bcc', failure)
  emit.compare(immediate(offMax & 0xff), TEMP_A)
  emit.branch('bcc', failure)
  emit.alu(TEMP_B, PACKET_LENGTH, '-', DELTA)
  emit.compare(TEMP_B, immediate(ETH_HLEN))
  emit.branch('bmi', failure)
  succeed(emit)
  emit.ldField(PACKET_POINTER, OFFSET_BYTES, TEMP_A, NO_SHIFT)
  emit.branch('br', failure + FAILURE_WORDS, 2)
  changeLength(emit, '-')
  emit.expectHere(failure)
  fail(emit)
}

/** Packets only become shorter: the delta is negative, so that adding it carries. */
export const adjustTail: Lower = ({ emit }) => {
  const failure = emit.here + 9
  emit.alu(TEMP_A, PACKET_LENGTH, '+', DELTA)
  emit.branch('bcc', failure)
  emit.compare(TEMP_A, immediate(ETH_HLEN))
  emit.branch('bmi', failure)
  changeLength(emit, '+')
  emit.branch('br', failure + FAILURE_WORDS, 2)
  succeed(emit)
  emit.expectHere(failure)
  fail(emit)
}

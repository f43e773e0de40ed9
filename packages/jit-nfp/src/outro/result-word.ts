/**
 * How a program ends: the verdict in R0 becomes the firmware's result word in A0, bits 16 to 23, and the core goes on to
 * the next packet. The words that set it stand in the defer slots of that branch.
 */
import { gprA, gprB, imm as immediate, NO_OPERAND, type Operand, shiftLeft, shiftRight } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import type { NfpEntryPoints } from '../nfp-program.ts'

/** Where the two ways out begin. */
export type WaysOut = Pick<NfpEntryPoints, 'out' | 'abort'>

const RESULT = gprA(0)
const VERDICT = gprB(0)
/** Bytes of A0 that the result goes to. */
const RESULT_BYTES = 0xc
/** Flags that the program sets for the firmware: none. */
const FLAGS: Operand = immediate(0)

/** What becomes of packets of programs that were aborted. */
function abort(emit: Emission, result: number): number {
  const start = emit.here
  emit.branchFar('next-packet', { defer: 2 })
  emit.move(RESULT, FLAGS)
  emit.ldField(RESULT, RESULT_BYTES, immediate(result), shiftLeft(16))
  return start
}

function abortAbove(emit: Emission, highest: number, abortAt: number): void {
  emit.compare(immediate(highest), VERDICT)
  emit.branch('bcc', abortAt)
}

/** Takes a field of `table` at the bit that A1 tells: an indirect shift by the previous ALU result. */
function lookUp(emit: Emission, dst: Operand, mask: number, table: Operand): void {
  emit.alu(NO_OPERAND, gprA(1), 'OR', immediate(0))
  emit.shf(dst, immediate(mask), 'AND', table, shiftRight('indirect'))
}

/**
 * XDP: a byte a verdict.
 *
 * | R0 | result | packet | counter |
 * |---|---|---|---|
 * | 0 aborted, above 3 | 0x82 | dropped | 3 |
 * | 1 drop | 0x22 | dropped | 1 |
 * | 2 pass | 0x11 | to the host | 0 |
 * | 3 tx | 0x44 | back | 2 |
 *
 * @see nfp_outro_xdp in nfp/bpf/jit.c
 */
export function xdpOutro(emit: Emission): WaysOut {
  const abortAt = abort(emit, 0x82)
  const out = emit.here
  abortAbove(emit, 3, abortAt)
  emit.load(gprB(2), 0x44112282)
  emit.shf(gprA(1), NO_OPERAND, 'B', VERDICT, shiftLeft(3))
  lookUp(emit, gprB(2), 0xff, gprB(2))
  finish(emit, () => emit.move(RESULT, FLAGS))
  return { out, abort: abortAt }
}

/**
 * Classifiers in direct-action mode: four bits a verdict from each of two tables.
 *
 * | R0 | result | packet | counter |
 * |---|---|---|---|
 * | 2 drop | 0x22 | dropped | 1 |
 * | 4, 5 stolen, queued | 0x02 | dropped | none |
 * | 7 redirect | 0x44 | back | 2 |
 * | others | 0x11 | to the host | 0 |
 *
 * @see nfp_outro_tc_da in nfp/bpf/jit.c
 */
export function classifierOutro(emit: Emission): WaysOut {
  const abortAt = abort(emit, 0x11)
  const out = emit.here
  abortAbove(emit, 7, abortAt)
  emit.move(RESULT, FLAGS)
  emit.load(gprB(2), 0x41221211)
  emit.load(gprB(3), 0x41001211)
  emit.shf(gprA(1), NO_OPERAND, 'B', VERDICT, shiftLeft(2))
  lookUp(emit, gprA(2), 0xf, gprB(2))
  lookUp(emit, gprB(2), 0xf, gprB(3))
  finish(emit, () => emit.shf(gprB(2), gprA(2), 'OR', gprB(2), shiftLeft(4)))
  return { out, abort: abortAt }
}

function finish(emit: Emission, firstSlot: () => void): void {
  emit.branchFar('next-packet', { defer: 2 })
  firstSlot()
  emit.ldField(RESULT, RESULT_BYTES, gprB(2), shiftLeft(16))
}

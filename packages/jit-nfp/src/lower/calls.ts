/** Calls of the program's own functions, and returns from them. */
import { BPF_REG_6, BPF_REG_8, BPF_REG_9 } from '@bpfoundry/isa'
import { gprB, gprBoth, local } from '@bpfoundry/microcode'
import type { Emission } from '../emit/emission.ts'
import { high, low, RETURN_ADDRESS, STACK_START, TEMP_B } from '../emit/registers.ts'
import { frameBytes } from '../program/functions.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import type { Lower, Lowering } from './lowering.ts'

/** A function's frame begins with its return address, then R6..R9 where it saves them. */
const RETURN_SLOT = local(0, 0)
const savedSlot = (register: number, half: number) => local(0, 1 + 2 * (register - BPF_REG_6) + half)

/** Slots behind a write of an index register, until it holds. */
const INDEX_WRITE_SLOTS = 3

/**
 * The caller's frame is left behind, the return address put into a register; a callee that saves registers is reached
 * through the subroutine that saves them, which finds its address in the temporary register.
 *
 * @returns index of the branch
 */
export function callFunction(to: Lowering, callee: InsnRecord): number {
  const { emit, functions, frameDepth } = to
  const bytes = frameBytes(frameDepth)
  if (bytes !== 0) moveStack(emit, '+', bytes)
  const branch = emit.here
  const saves = functions[callee.functionIndex]?.savesRegisters === true
  const back = branch + (saves ? 3 : 2)
  if (saves) {
    emit.branchFar('push-registers', { defer: 2 })
    emit.loadAddress(TEMP_B, 0)
  } else {
    emit.branchLater('br', 1)
  }
  emit.loadAddress(RETURN_ADDRESS, back)
  emit.expectHere(back)
  if (bytes !== 0) {
    moveStack(emit, '-', bytes)
    emit.nops(INDEX_WRITE_SLOTS)
  }
  return branch
}

function moveStack(emit: Emission, op: '+' | '-', bytes: number): void {
  emit.alu(STACK_START, STACK_START, op, emit.unrestricted(bytes, TEMP_B))
  emit.writeCsr('actLmAddr0', STACK_START)
}

/** What a function begins with. */
export function enterFunction(to: Lowering, functionIndex: number): void {
  to.frameDepth = wholeWords(to.functions[functionIndex]?.stackBytes ?? 0)
  to.emit.move(RETURN_SLOT, RETURN_ADDRESS)
}

/** Stack of a function in whole words; bytes. */
export const wholeWords = (bytes: number): number => Math.ceil(bytes / 4) * 4

/** The main function ends in the outro; others return, through the subroutine that restores registers where they saved them. */
export const exit: Lower = ({ emit, functions }, { functionIndex }) => {
  if (functionIndex === 0) {
    emit.branchFar('out')
  } else if (functions[functionIndex]?.savesRegisters === true) {
    emit.branchFar('pop-registers', { defer: 1 })
    emit.move(RETURN_ADDRESS, RETURN_SLOT)
  } else {
    emit.move(RETURN_ADDRESS, RETURN_SLOT)
    emit.returnTo(RETURN_ADDRESS)
  }
}

/** Saves R6..R9 into the new frame, then goes on to the function whose address the temporary register holds. */
export function pushRegisters(emit: Emission): void {
  for (let register = BPF_REG_6; register <= BPF_REG_9; register++) {
    emit.move(savedSlot(register, 0), gprB(low(register)))
    // The return's three slots take the words behind it.
    if (register === BPF_REG_8) emit.returnTo(TEMP_B, 3)
    emit.move(savedSlot(register, 1), gprB(high(register)))
  }
}

/** Restores R6..R9 and returns to the caller. */
export function popRegisters(emit: Emission): void {
  for (let register = BPF_REG_6; register <= BPF_REG_9; register++) {
    emit.move(gprBoth(low(register)), savedSlot(register, 0))
    if (register === BPF_REG_8) emit.returnTo(RETURN_ADDRESS, 3)
    emit.move(gprBoth(high(register)), savedSlot(register, 1))
  }
}

import type { CmdInstruction, CmdMode } from '@bpfoundry/microcode'
import type { Machine } from '../machine.ts'
import { type MemoryOperation, memoryOperation } from '../memory/memory-operations.ts'

/** A command word, ready to be issued. */
export interface CommandForm {
  readonly operation: MemoryOperation
  readonly mode: CmdMode
  readonly xfer: number
  /** One less than the units that are moved, unless an indirect reference overrides it. */
  readonly count: number
  readonly signal: number
  readonly swaps: boolean
  /** Words behind it that execute before the context is swapped out. */
  readonly defer: number
  readonly indirect: boolean
}

/** Takes the commands of a context; moves `machine.cycle` to the command's end, less its shadow. */
export interface CommandSink {
  issueCommand(machine: Machine, form: CommandForm, a: number, b: number): void
}

const DEFERS: Readonly<Record<CmdInstruction['swap'], number>> = {
  swap: 0,
  'swap-defer1': 1,
  'swap-defer2': 2,
  'no-swap': 0,
}

/** The form of a command word; `undefined`: no memory of this model carries it out. */
export function commandForm(instruction: CmdInstruction): CommandForm | undefined {
  const operation = memoryOperation(instruction.tgtCmd, instruction.token)
  if (operation === undefined) return undefined
  return {
    operation,
    mode: instruction.mode,
    xfer: instruction.xfer,
    count: instruction.count,
    signal: instruction.signal,
    swaps: instruction.swap !== 'no-swap',
    defer: DEFERS[instruction.swap],
    indirect: instruction.indirect,
  }
}

/** Bits of the previous ALU result that an indirect reference looks at. @see nfp_asm.h CMD_OVE_* */
const OVERRIDE_LENGTH = 0x80
const OVERRIDE_DATA_MASK = 0x38
/** The override of data by the upper half of the previous result. */
const OVERRIDE_DATA_UPPER = 0x10
const LENGTH_SHIFT = 8
const LENGTH_MASK = 0x1f
/** In the count of atomics: 64 bits. */
const WIDE = 0x4

/** The count of a command, overridden by the previous ALU result if it says so. */
export function countOf(form: CommandForm, previousResult: number): number {
  if (!form.indirect || (previousResult & OVERRIDE_LENGTH) === 0) return form.count
  return (previousResult >>> LENGTH_SHIFT) & LENGTH_MASK
}

/** Units that are moved; atomics count words. */
export function unitsOf(operation: MemoryOperation, count: number): number {
  if (operation.direction === 'read' || operation.direction === 'write') return count + 1
  return (count & WIDE) === 0 ? 1 : 2
}

/** The 16 bits of an immediate that the previous ALU result holds, 0 where it does not override data. */
export function immediateData(form: CommandForm, previousResult: number): number {
  if (!form.indirect || (previousResult & OVERRIDE_DATA_MASK) !== OVERRIDE_DATA_UPPER) return 0
  return previousResult >>> 16
}

const HIGH = 256
const ADDRESS_LIMIT = 2 ** 40

/** How the operands of bank A and B make an address. */
export const ADDRESSES: Readonly<Record<CmdMode, (a: number, b: number) => number>> = {
  '32': (a, b) => (a + b) >>> 0,
  '40-ab': (a, b) => ((a >>> 0) * HIGH + (b >>> 0)) % ADDRESS_LIMIT,
  '40-ba': (a, b) => ((b >>> 0) * HIGH + (a >>> 0)) % ADDRESS_LIMIT,
}

/** Operands of the table-driven execution: reading a source, writing a destination. */
import type { LocalMode, Operand, OperandKind } from '@bpfoundry/microcode'
import { BANK_REGISTERS } from '../core-state.ts'
import type { Machine } from '../machine.ts'

const WORD_BYTES = 4
const STEPS: Readonly<Record<LocalMode, number>> = { offset: 0, increment: WORD_BYTES, decrement: -WORD_BYTES }

/** The word of local memory that an operand names; then its index register moves on. */
function localWord(machine: Machine, operand: Operand): number {
  const word = machine.localWord(operand.index, operand.value)
  if (operand.mode !== 'offset') {
    machine.lmAddr[operand.index] = (machine.lmAddr[operand.index] ?? 0) + STEPS[operand.mode]
  }
  return word
}

type Read = (machine: Machine, operand: Operand) => number | undefined

// biome-ignore format: one kind a line
const READS: Readonly<Partial<Record<OperandKind, Read>>> = {
  a:         ({ a }, { value }) => a[value],
  b:         ({ b }, { value }) => b[value],
  absoluteA: ({ gpr }, { value }) => gpr[value],
  absoluteB: ({ gpr }, { value }) => gpr[BANK_REGISTERS + value],
  xfer:      ({ xferIn }, { value }) => xferIn[value],
  neighbour: ({ neighbour }, { value }) => neighbour[value],
  local:     (machine, operand) => machine.local[localWord(machine, operand)],
  immediate: (_, { value }) => value,
  none:      () => 0,
}

type Write = (machine: Machine, operand: Operand, value: number) => void

// biome-ignore format: one kind a line
const WRITES: Readonly<Partial<Record<OperandKind, Write>>> = {
  a:            (machine, { value }, word) => { machine.a[value] = word },
  b:            (machine, { value }, word) => { machine.b[value] = word },
  both:         (machine, { value }, word) => { machine.a[value] = word; machine.b[value] = word },
  absoluteA:    (machine, { value }, word) => { machine.gpr[value] = word },
  absoluteB:    (machine, { value }, word) => { machine.gpr[BANK_REGISTERS + value] = word },
  absoluteBoth: (machine, { value }, word) => { machine.gpr[value] = word; machine.gpr[BANK_REGISTERS + value] = word },
  xfer:         (machine, { value }, word) => { machine.xferOut[value] = word },
  neighbour:    (machine, { value }, word) => { machine.neighbour[value] = word },
  local:        (machine, operand, word) => { machine.local[localWord(machine, operand)] = word },
  none:         () => {},
}

/** Kinds of sources and of destinations that this model has. */
export const canRead = (operand: Operand): boolean => READS[operand.kind] !== undefined
export const canWrite = (operand: Operand): boolean => WRITES[operand.kind] !== undefined

/** A source. */
export const readOperand = (machine: Machine, operand: Operand): number => READS[operand.kind]?.(machine, operand) ?? 0

/** A destination. */
export const writeOperand = (machine: Machine, operand: Operand, value: number): void =>
  WRITES[operand.kind]?.(machine, operand, value)

const SOURCE_OF_BOTH: Readonly<Partial<Record<OperandKind, OperandKind>>> = { both: 'a', absoluteBoth: 'absoluteA' }

/** The source that names the same place as a destination: what `ld_field` leaves alone. Index registers do not move. */
export function placeAsSource(operand: Operand): Operand {
  return { ...operand, kind: SOURCE_OF_BOTH[operand.kind] ?? operand.kind, mode: 'offset' }
}

/**
 * What a destination holds that an `immed` writes in part. Of transfer registers it is what was written last, not what was
 * read: the driver loads constants of 32 bits into them in two words.
 */
export function readWritten(machine: Machine, operand: Operand): number {
  if (operand.kind === 'xfer') return machine.xferOut[operand.value] ?? 0
  return readOperand(machine, placeAsSource(operand))
}

/** Which words a core of this model executes. The others stop the context with a fault when they are reached. */
import { CSRS, type Instruction, type Operand, type WordClass } from '@bpfoundry/microcode'
import type { ControlStore } from '../control-store.ts'
import { ALU_FUNCTIONS } from './alu-operations.ts'
import { commandForm } from './commands.ts'
import { CONDITIONS } from './conditions.ts'
import { canRead, canWrite } from './operands.ts'

/** Index register of local memory that a control register holds; `undefined`: it holds none. */
export const LM_INDEX_OF_CSR: ReadonlyMap<number, number> = new Map([
  [CSRS.actLmAddr0, 0],
  [CSRS.actLmAddr1, 1],
  [CSRS.actLmAddr2, 2],
  [CSRS.actLmAddr3, 3],
])

/** Control registers that can be read. */
const READABLE: ReadonlySet<number> = new Set([CSRS.pseudoRandom, CSRS.timestampLow, CSRS.timestampHigh])

type Check<C extends WordClass> = (instruction: Extract<Instruction, { readonly cls: C }>) => boolean

const all = (...operands: readonly Operand[]): boolean => operands.every(canRead)
const SHF_OPS: ReadonlySet<string> = new Set(['B', '~B', 'AND', '~AND', 'AND~', 'OR'])

const CHECKS: { readonly [C in WordClass]: Check<C> } = {
  alu: ({ op, dst, left, right, predicated }) =>
    !predicated && ALU_FUNCTIONS[op] !== undefined && canWrite(dst) && all(left, right),
  shf: ({ op, dst, left, right, shift, predicated }) =>
    !predicated &&
    canWrite(dst) &&
    all(left, right) &&
    (shift.direction === 'double' ? op === 'B' : op === 'asr' ? shift.direction === 'right' : SHF_OPS.has(op)),
  ldField: ({ dst, src, shift, predicated }) =>
    !predicated && canWrite(dst) && canRead(src) && dst.kind !== 'none' && shift.direction !== 'double',
  immed: ({ dst, predicated }) => !predicated && canWrite(dst),
  mul: ({ dst, left, right, predicated }) => !predicated && canWrite(dst) && all(left, right),
  localCsr: ({ write, csrBytes, src }) =>
    write ? LM_INDEX_OF_CSR.has(csrBytes) && canRead(src) : READABLE.has(csrBytes),
  br: ({ condition }) => CONDITIONS[condition] !== undefined,
  brBit: ({ src }) => canRead(src),
  brByte: ({ src }) => canRead(src),
  brAlu: ({ src }) => canRead(src),
  ctxArb: ({ breakpoint, resumeAt }) => !breakpoint && resumeAt === undefined,
  cmd: (instruction) => commandForm(instruction) !== undefined && all(instruction.a, instruction.b),
}

/** Whether a word can be executed. */
export function isExecutable(instruction: Instruction | undefined): instruction is Instruction {
  if (instruction === undefined) return false
  const check = CHECKS[instruction.cls] as (instruction: Instruction) => boolean
  return check(instruction)
}

/** Words that may not stand in the shadow of a branch or a swap: they would have one of their own. */
const OWN_SHADOW: ReadonlySet<WordClass> = new Set(['br', 'brBit', 'brByte', 'brAlu', 'ctxArb'])

/** Whether the words in a shadow can be executed there. */
export function shadowIsExecutable(store: ControlStore, pc: number, defer: number): boolean {
  for (let at = pc + 1; at <= pc + defer; at++) {
    const instruction = store.instructions[at]
    if (!isExecutable(instruction) || OWN_SHADOW.has(instruction.cls)) return false
    if (instruction.cls === 'cmd' && instruction.swap !== 'no-swap') return false
  }
  return true
}

/** Whether a word and its shadow can be executed; asked once a word. */
export function canExecute(store: ControlStore, pc: number): boolean {
  const known = store.executable[pc]
  if (known !== undefined && known !== UNKNOWN) return known === YES
  const instruction = store.instructions[pc]
  const can = isExecutable(instruction) && shadowIsExecutable(store, pc, shadowOf(instruction))
  store.executable[pc] = can ? YES : NO
  return can
}

const UNKNOWN = 0
const YES = 1
const NO = 2

/** Words behind a word that belong to it. */
export function shadowOf(instruction: Instruction): number {
  if ('defer' in instruction) return instruction.defer
  return instruction.cls === 'cmd' ? (commandForm(instruction)?.defer ?? 0) : 0
}

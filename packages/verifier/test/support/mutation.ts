/** Small changes of instructions, such as a slip of whoever writes them makes. */
import { BPF_CALL, BPF_EXIT, BPF_JMP, BPF_JMP32, BPF_LD, BPF_LDX, BPF_ST, BPF_STX, type Insn } from '@bpfoundry/isa'

/** A number from 0 to `sides` - 1. */
export type Roll = (sides: number) => number

const REGISTERS = [0, 1, 2, 3, 6, 7] as const
const OFFSETS = [0, 4, 8, 12, 16, 20, -8] as const
const NUMBERS = [0, 1, 4, 8, 16] as const
const SIZES = [0x00, 0x08, 0x10, 0x18] as const
const MEMORY: ReadonlySet<number> = new Set([BPF_LDX, BPF_ST, BPF_STX])
const FIXED: ReadonlySet<number> = new Set([BPF_LD, BPF_JMP, BPF_JMP32])
const CALL = BPF_JMP | BPF_CALL
const EXIT = BPF_JMP | BPF_EXIT

function isMemory({ opcode }: Insn): boolean {
  return MEMORY.has(opcode & 0x07)
}

/** It may stand anywhere, and anything may stand in its place. */
function isMovable({ opcode }: Insn): boolean {
  return !FIXED.has(opcode & 0x07)
}

type Mutation = (insns: Insn[], at: number, roll: Roll, calls: readonly number[]) => void

const pick = <T>(roll: Roll, choices: readonly T[]): T => choices[roll(choices.length)] as T

function change(insns: Insn[], at: number, fields: Partial<Insn>): void {
  insns[at] = { ...(insns[at] as Insn), ...fields }
}

const MUTATIONS: readonly Mutation[] = [
  (insns, at, roll) => change(insns, at, { dst: pick(roll, REGISTERS) }),
  (insns, at, roll) => {
    const { opcode } = insns[at] as Insn
    if (opcode !== CALL && opcode !== EXIT) change(insns, at, { src: pick(roll, REGISTERS) })
  },
  (insns, at, roll) => {
    if (isMemory(insns[at] as Insn)) change(insns, at, { off: pick(roll, OFFSETS) })
  },
  (insns, at, roll, calls) => {
    const isCall = (insns[at] as Insn).opcode === CALL
    change(insns, at, { imm: pick(roll, isCall ? calls : NUMBERS) })
  },
  (insns, at, roll) => {
    const insn = insns[at] as Insn
    if (isMemory(insn)) change(insns, at, { opcode: (insn.opcode & ~0x18) | pick(roll, SIZES) })
  },
  (insns, at, roll) => {
    const from = roll(insns.length)
    const [one, other] = [insns[at] as Insn, insns[from] as Insn]
    if (!isMovable(one) || !isMovable(other)) return
    insns[at] = other
    if (roll(2) === 0) insns[from] = one
  },
]

/** The instructions with one to three changes. @param calls helpers that a call may turn to */
export function mutated(insns: readonly Insn[], roll: Roll, calls: readonly number[]): readonly Insn[] {
  const changed = [...insns]
  for (let count = 1 + roll(3); count > 0; count--) {
    const at = roll(changed.length)
    const { opcode } = changed[at] as Insn
    if ((opcode & 0x07) !== BPF_LD) pick(roll, MUTATIONS)(changed, at, roll, calls)
  }
  return changed
}

/**
 * Which parts of the pipeline's state a word's successors look at: what nobody looks at need not be calculated. Where a branch
 * leads is not always known; then everything is looked at.
 */
import type { BrCondition, Instruction } from '@bpfoundry/microcode'
import type { ControlStore } from '../control-store.ts'
import { isExecutable, shadowOf } from '../execution/executable.ts'

/** Parts of the state, as bits. */
export const LIVE = { result: 1, carry: 2, overflow: 4, previousA: 8, previousResult: 16 } as const
const ALL = 31
const CONDITION_CODES = LIVE.result | LIVE.carry | LIVE.overflow

interface Effect {
  readonly uses: number
  readonly kills: number
}

// biome-ignore format: one condition a line
const CONDITION_USES: Readonly<Partial<Record<BrCondition, number>>> = {
  beq: LIVE.result, bne: LIVE.result, bmi: LIVE.result, bpl: LIVE.result,
  bcs: LIVE.carry, bcc: LIVE.carry,
  bvs: LIVE.overflow, bvc: LIVE.overflow,
  bge: LIVE.result | LIVE.overflow, blt: LIVE.result | LIVE.overflow,
  ble: LIVE.result | LIVE.overflow, bgt: LIVE.result | LIVE.overflow,
}
const CARRY_OPS: ReadonlySet<string> = new Set(['+carry', '-carry'])

function effectOf(instruction: Instruction): Effect {
  const codes = 'setsConditions' in instruction && instruction.setsConditions ? CONDITION_CODES : 0
  const indirect = 'shift' in instruction && instruction.shift.amount === 'indirect' ? LIVE.previousA : 0
  switch (instruction.cls) {
    case 'alu':
      return {
        uses: CARRY_OPS.has(instruction.op) ? LIVE.carry : 0,
        kills: codes | LIVE.previousA | LIVE.previousResult,
      }
    case 'shf':
      return {
        uses: indirect | (instruction.op === 'asr' ? LIVE.previousResult : 0),
        kills: codes | LIVE.previousA | LIVE.previousResult,
      }
    case 'ldField':
      return { uses: indirect, kills: codes | LIVE.previousResult }
    case 'immed':
      return { uses: 0, kills: LIVE.previousResult }
    case 'mul': {
      const last = instruction.type !== 'start' && (instruction.step === 'last' || instruction.step === 'last2')
      return { uses: 0, kills: last ? codes | LIVE.previousResult : 0 }
    }
    case 'br':
      return { uses: CONDITION_USES[instruction.condition] ?? 0, kills: 0 }
    case 'cmd':
      return { uses: instruction.indirect ? LIVE.previousResult : 0, kills: 0 }
    default:
      return { uses: 0, kills: 0 }
  }
}

/** Where a branch leads; `unknown`: a register says. */
function targetOf(instruction: Instruction): number | 'unknown' | undefined {
  if (instruction.cls === 'brAlu') return 'unknown'
  return instruction.cls === 'br' || instruction.cls === 'brBit' || instruction.cls === 'brByte'
    ? instruction.target
    : undefined
}

/** For each address, what is looked at behind the word there. */
export function liveBehind(store: ControlStore): Uint8Array {
  const { instructions, words } = store
  const addresses = words.flatMap((word, address) => (word === undefined ? [] : [address])).reverse()
  const before = new Uint8Array(words.length + 1)
  const behind = new Uint8Array(words.length)
  const jumps = jumpsBehind(store)
  const liveAt = (address: number): number => (words[address] === undefined ? ALL : (before[address] ?? ALL))
  for (let changed = true; changed; ) {
    changed = false
    for (const address of addresses) {
      let live = liveAt(address + 1)
      for (const target of jumps.get(address) ?? []) live |= target === 'unknown' ? ALL : liveAt(target)
      behind[address] = live
      const instruction = instructions[address]
      const { uses, kills } = isExecutable(instruction) ? effectOf(instruction) : { uses: ALL, kills: 0 }
      const now = (live & ~kills) | uses
      if (now !== before[address]) {
        before[address] = now
        changed = true
      }
    }
  }
  return behind
}

/** Branches leave behind the last word of their shadow. */
function jumpsBehind({ instructions }: ControlStore): Map<number, (number | 'unknown')[]> {
  const jumps = new Map<number, (number | 'unknown')[]>()
  instructions.forEach((instruction, address) => {
    const target = instruction === undefined ? undefined : targetOf(instruction)
    if (instruction === undefined || target === undefined) return
    const from = address + shadowOf(instruction)
    jumps.set(from, [...(jumps.get(from) ?? []), target])
  })
  return jumps
}

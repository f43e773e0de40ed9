/** Addresses at which execution can come in: generated code has a case for each. */
import type { ControlStore } from '../control-store.ts'
import { isExecutable, shadowOf } from '../execution/executable.ts'

/** Addresses that begin a block, ascending: targets, what follows words that give up the core or always branch, loads' starts. */
export function blockLeaders(store: ControlStore): number[] {
  const { instructions, words } = store
  const leaders = new Set<number>()
  const shadows: [first: number, last: number][] = []
  const add = (address: number): void => {
    if (words[address] !== undefined) leaders.add(address)
  }
  words.forEach((word, address) => {
    if (word === undefined) return
    if (words[address - 1] === undefined) add(address)
    const instruction = instructions[address]
    if (!isExecutable(instruction)) return
    const next = address + 1 + shadowOf(instruction)
    if ('target' in instruction) add(instruction.target)
    const leaves = instruction.cls === 'brAlu' || instruction.cls === 'ctxArb'
    const always = instruction.cls === 'br' && instruction.condition === 'br'
    const swaps = instruction.cls === 'cmd' && instruction.swap !== 'no-swap'
    if (leaves || always || swaps) add(next)
    if (next > address + 1) shadows.push([address + 1, next])
  })
  // A block that begins in a shadow is entered by its own case; who comes through the branch jumps over it.
  for (const [first, next] of shadows) {
    for (let address = first; address < next; address++) if (leaders.has(address)) add(next)
  }
  return [...leaders].sort((x, y) => x - y)
}

/** Conditions of `br` by the machine's condition codes; those on signals and states of other units are not modelled. */
import type { BrCondition } from '@bpfoundry/microcode'
import type { Machine } from '../machine.ts'

// biome-ignore format: one condition a line
export const CONDITIONS: Readonly<Partial<Record<BrCondition, (machine: Machine, state: number) => boolean>>> = {
  'beq':        ({ result }) => result === 0,
  'bne':        ({ result }) => result !== 0,
  'bmi':        ({ result }) => result < 0,
  'bpl':        ({ result }) => result >= 0,
  'bcs':        ({ carry }) => carry !== 0,
  'bcc':        ({ carry }) => carry === 0,
  'bvs':        ({ overflow }) => overflow !== 0,
  'bvc':        ({ overflow }) => overflow === 0,
  'bge':        ({ result, overflow }) => result < 0 === (overflow !== 0),
  'blt':        ({ result, overflow }) => result < 0 !== (overflow !== 0),
  'ble':        ({ result, overflow }) => result === 0 || result < 0 !== (overflow !== 0),
  'bgt':        ({ result, overflow }) => result !== 0 && result < 0 === (overflow !== 0),
  'br=ctx':     ({ context }, state) => context === state,
  'br!=ctx':    ({ context }, state) => context !== state,
  'br':         () => true,
}

/** Instruction sequences with named jump targets. */
import type { Insn } from '@bpfoundry/isa'

/** A place that jumps lead to; takes no slot. */
interface Label {
  readonly label: string
}

/** An instruction whose offset leads to a label. */
interface Jump {
  readonly insn: Insn
  readonly to: string
}

/** Instructions, labels and jumps in order, nested as it is convenient. */
export type Steps = readonly (Insn | Label | Jump | Steps)[]

/** The next instruction, under a name that is unique in its sequence. */
export function label(name: string): Label {
  return { label: name }
}

/** A jump (its offset is filled in) to the label `to`. */
export function jump(insn: Insn, to: string): Jump {
  return { insn, to }
}

/** Links a sequence. A label that is missing or there twice is our own defect and throws. */
export function sequence(steps: Steps): Insn[] {
  const flat = flatten(steps)
  const slots = new Map<string, number>()
  let length = 0
  for (const step of flat) {
    if (!('label' in step)) length++
    else if (slots.has(step.label)) throw new Error(`two labels ${step.label}`)
    else slots.set(step.label, length)
  }
  const insns: Insn[] = []
  for (const step of flat) {
    if ('to' in step) insns.push({ ...step.insn, off: slotOf(slots, step.to) - insns.length - 1 })
    else if (!('label' in step)) insns.push(step)
  }
  return insns
}

function flatten(steps: Steps, flat: (Insn | Label | Jump)[] = []): (Insn | Label | Jump)[] {
  for (const step of steps) {
    if (isNested(step)) flatten(step, flat)
    else flat.push(step)
  }
  return flat
}

function isNested(step: Steps[number]): step is Steps {
  return Array.isArray(step)
}

function slotOf(slots: ReadonlyMap<string, number>, name: string): number {
  const slot = slots.get(name)
  if (slot === undefined) throw new Error(`no label ${name}`)
  return slot
}

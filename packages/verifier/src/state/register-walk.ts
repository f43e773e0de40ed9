import type { PathState } from './path-state.ts'
import type { RegisterState } from './register-state.ts'
import { isSpill, StackSlot } from './stack-slot.ts'

/** Replaces every register and spilled register of all frames by what `change` makes of it. */
export function mapRegisters(state: PathState, change: (register: RegisterState) => RegisterState): void {
  for (const { registers, stack } of state.frames) {
    for (let number = 0; number < registers.length; number++) {
      const before = registers[number] as RegisterState
      const after = change(before)
      if (after !== before) registers[number] = after
    }
    for (let index = 0; index < stack.length; index++) {
      const slot = stack[index] as StackSlot
      if (slot.spilled === undefined || !isSpill(slot)) continue
      const after = change(slot.spilled)
      if (after !== slot.spilled) stack[index] = new StackSlot(slot.bytes, after)
    }
  }
}

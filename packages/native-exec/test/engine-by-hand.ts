/** Engine and helpers for the child process of the crash containment tests. */
import type { MachineCode } from '@bpfoundry/codegen'
import { type Engine, type HelperTable, returnU32 } from '@bpfoundry/engine'
import { createEngineOf } from '../src/native-engine.ts'
import { callingHelper, returning, storingAt } from './machine-code.ts'

/** Programs by id. */
const CODES: Readonly<Record<number, () => Uint8Array>> = {
  1: () => returning(42),
  2: () => storingAt('guest'),
  3: () => storingAt('host'),
  4: () => Uint8Array.of(0x0f, 0x0b), // ud2
  5: () => Uint8Array.of(0xeb, 0xfe), // jmp to itself
  6: () => Uint8Array.of(0x90), // nop, and past the end
  7: () => callingHelper(0, 1),
  8: () => callingHelper(1, 1),
  9: () => Uint8Array.of(0xe8, 0xfb, 0xff, 0xff, 0xff), // call itself
  10: () => Uint8Array.of(...storingAt('guest', false), 0x0f, 0x0b), // a store, then ud2
  11: () => Uint8Array.of(0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xc6, 0x00, 0x5a), // store to 2^63, no address
}

export function createByHand(): Engine {
  const translate = ({ id }: { readonly id: number }): MachineCode => {
    const make = CODES[id]
    if (make === undefined) throw new Error(`no program ${id}`)
    const bytes = make()
    return { bytes, runOffsetBytes: 0, tailOffsetBytes: 0, insnOffsetsBytes: Uint32Array.of(0, bytes.length) }
  }
  return createEngineOf(
    { name: 'by hand', translate },
    { progArray: { maxEntriesOffsetBytes: 0, slotsOffsetBytes: 8 } },
  )
}

export const createHelpers = (): HelperTable => [(cpu) => returnU32(cpu, 1 + (cpu.regs[2] as number))]

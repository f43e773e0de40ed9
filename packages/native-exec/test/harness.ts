import type { MachineCode } from '@bpfoundry/codegen'
import {
  allocateCpu,
  CPU_BLOCK,
  type Cpu,
  type Engine,
  type EngineEnvironment,
  type HelperFunction,
  type ProgramImage,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import type { Insn } from '@bpfoundry/isa'
import { createEngineOf } from '../src/native-engine.ts'

/** Offsets in a program array; small and made up. */
export const PROG_ARRAY = { maxEntriesOffsetBytes: 0, slotsOffsetBytes: 8 } as const

export function imageOf(id: number, insns: readonly Insn[] = []): ProgramImage {
  return {
    id,
    name: `p${id}`,
    tag: '0000000000000000',
    type: 1,
    expectedAttachType: 0,
    insns,
    subprograms: [{ name: `p${id}`, start: 0, end: insns.length, stackDepthBytes: 512 }],
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}

/** One CPU with its memory, and an environment without tail calls. */
export function machine(helpers: readonly (HelperFunction | undefined)[] = []): {
  readonly memory: GuestMemory
  readonly cpu: Cpu
  readonly environment: EngineEnvironment
} {
  const memory = GuestMemory.create({ maximumBytes: 1 << 26 })
  const cpu = allocateCpu(memory, 0)
  return { memory, cpu, environment: { memory, helpers, tailCallTarget: () => undefined } }
}

/** An engine whose back end hands out code by the program's id, as it is. */
export function engineByHand(codes: Readonly<Record<number, Uint8Array>>): Engine {
  const translate = ({ id }: ProgramImage): MachineCode => {
    const bytes = codes[id] as Uint8Array
    return { bytes, runOffsetBytes: 0, tailOffsetBytes: 0, insnOffsetsBytes: Uint32Array.of(0, bytes.length) }
  }
  return createEngineOf({ name: 'by hand', translate }, { progArray: PROG_ARRAY })
}

/** What a CPU block counts. */
export function countsOf({ memory, block }: Cpu): { executedInsns: number; helperCalls: number; tailCalls: number } {
  const { fields } = CPU_BLOCK
  return {
    executedInsns: memory.f64[(block + fields.executedInsns.offsetBytes) >>> 3] as number,
    helperCalls: memory.f64[(block + fields.helperCalls.offsetBytes) >>> 3] as number,
    tailCalls: memory.u32[(block + fields.tailCalls.offsetBytes) >>> 2] as number,
  }
}

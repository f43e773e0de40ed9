import type { ProgramWork } from '@bpfoundry/device'
import { createInterpreter } from '@bpfoundry/interpreter'
import { Kernel } from '@bpfoundry/kernel'
import { type BenchObjects, createObjects } from '../bench-objects.ts'
import { readSpec } from '../testbench.ts'
import { WorkTally } from './work-tally.ts'

/** Whose work is to be counted, on which packets. */
export interface WorkRequest {
  /** Path of an object file, or its bytes. */
  readonly object: string | Uint8Array
  readonly program?: string
  readonly packets: readonly Uint8Array[]
  /** Run first and not counted: they fill tables that later packets find filled. */
  readonly warmUp?: readonly Uint8Array[]
  /** Fills maps before the first packet. */
  readonly prepare?: (objects: BenchObjects) => void
  /** `struct xdp_md` for a packet, as test runs take it. */
  readonly context?: (packet: Uint8Array) => Uint8Array
}

/** What was counted, and what the program said: a cost without the verdict that it is for means nothing. */
export interface MeasuredWork {
  readonly program: string
  readonly work: ProgramWork
  readonly verdicts: readonly number[]
}

/**
 * Counts what a program does for packets: the interpreter runs it on each, and tells which instructions; emitted code
 * tells how many of x86 those are. Nothing here depends on the host.
 */
export function measureWork(request: WorkRequest): MeasuredWork {
  let tally: WorkTally | undefined
  const engine = createInterpreter({ onInsn: (image, pc, cpu) => tally?.insn(image, pc, cpu) })
  const kernel = Kernel.create({ engine })
  const objects = createObjects(kernel, readSpec(request.object), 'measured program')
  try {
    request.prepare?.(objects)
    const program = objects.program(request.program)
    const run = (data: Uint8Array): number => {
      const ctx = request.context?.(data)
      return program.run(ctx === undefined ? { data } : { data, ctx }).retval
    }
    for (const data of request.warmUp ?? []) run(data)
    const counting = new WorkTally(kernel, program.kernelProgram.maps)
    tally = counting
    const verdicts = request.packets.map((data) => {
      counting.beginPacket()
      return run(data)
    })
    return { program: program.name, work: counting.work(), verdicts }
  } finally {
    objects.close()
  }
}

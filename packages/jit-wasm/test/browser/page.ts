/** What the page runs: programs on both engines, in one memory each; the outcomes go to `globalThis.outcome`. */
import {
  allocateCpu,
  CPU_BLOCK,
  compileProgram,
  type Engine,
  type HelperFunction,
  type ProgramImage,
  returnU64,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createInterpreter } from '@bpfoundry/interpreter'
import { assembleLlvm } from '@bpfoundry/isa'
import { createWasmEngine } from '@bpfoundry/jit-wasm'

/** What the test compares. */
export interface PageOutcome {
  readonly engine: string
  readonly r0: string
  readonly cell: string
  readonly insns: number
  readonly fault: string
}

/** Adds to a cell atomically in a loop that has two entries, calls a helper and a subprogram. */
const PROGRAM = `
r6 = r1
r7 = 100
if r7 == 0 goto second
first: r2 = 3
lock *(u64 *)(r6 + 0) += r2
second: r1 = r7
call 1
r8 += r0
r3 = 0x123456789 ll
r3 = xchg_64(r6 + 8, r3)
r7 += -1
if r7 s> 0 goto first
r1 = r8
call twice
exit
twice: r0 = r1
r0 <<= 1
r0 = bswap64 r0
exit`

/** r0 = r1 * r1. */
const square: HelperFunction = (cpu) => returnU64(cpu, Math.imul(cpu.regs[2]!, cpu.regs[2]!), 0)

function imageOf(source: string): ProgramImage {
  const { insns } = assembleLlvm(source)
  const subprograms = [{ name: 'page', start: 0, end: insns.length, stackDepthBytes: 0 }]
  const rest = { mapReferences: [], lines: [], gplCompatible: true, tag: '', type: 1, expectedAttachType: 0 }
  return { id: 1, name: 'page', insns, subprograms, ...rest }
}

function outcomeOn(engine: Engine): PageOutcome {
  const memory = GuestMemory.create({ maximumBytes: 2 ** 24 })
  const cpu = allocateCpu(memory, 0)
  const cell = memory.allocate('cell', 'scratch', 64).address
  const environment = { memory, helpers: [undefined, square], tailCallTarget: () => undefined }
  compileProgram(engine, imageOf(PROGRAM), environment).run(cpu, cell)
  const words = [...cpu.regs.subarray(0, 2)].map((word) => (word >>> 0).toString(16)).join(' ')
  const insns = memory.f64[(cpu.block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3] as number
  const outside = compileProgram(engine, imageOf('r0 = *(u64 *)(r1 + 0)\nexit'), environment)
  let fault = 'none'
  try {
    outside.run(cpu, memory.byteLength)
  } catch (error) {
    fault = String((error as { readonly code?: string }).code)
  }
  const bytes = [...memory.read(cell, 16)].join(' ')
  return { engine: engine.name, r0: words, cell: bytes, insns, fault }
}

const engines = [
  createInterpreter(),
  createWasmEngine({ progArray: { maxEntriesOffsetBytes: 0, slotsOffsetBytes: 8 } }),
]
Object.assign(globalThis, { outcome: engines.map(outcomeOn) })

import { MachineBuffer, type MachineCode, subprogramsOf } from '@bpfoundry/codegen'
import type { EngineOptions, ProgramImage } from '@bpfoundry/engine'
import type { Insn, InstructionKind, InstructionRow } from '@bpfoundry/isa'
import { brk } from './asm/branches.ts'
import { Emission, type EmissionOptions } from './emission.ts'
import { putEntry, putHelperCall } from './entry.ts'
import { LOWERINGS } from './lower/lowerings.ts'
import { type DecodedProgram, decodeProgram } from './program-facts.ts'
import { writesOf } from './register-effects.ts'
import { R10 } from './register-map.ts'

/** Options of {@link translateArm64}. */
export interface Arm64Options extends EngineOptions {
  /**
   * FEAT_LSE, atomics in one instruction: every CPU from Armv8.1 on, which all of Apple's and most servers' are; not
   * Cortex-A53, A57 and A72 (Raspberry Pi 3 and 4). On by default.
   */
  readonly lse?: boolean
}

/** Instructions behind which others may run, or that leave for code which counts on its own. */
const LEAVES: ReadonlySet<InstructionKind> = new Set(['jump', 'goto', 'may_goto', 'call', 'exit'])

/** What `brk` says where the flow leaves the program. */
const FALLS_OFF = 1

/** One buffer a thread: its memory serves program after program. */
const buffer = new MachineBuffer()

/**
 * Translates a program, its inlined form where it has one.
 *
 * @throws Arm64Error; CodegenError where subprograms do not cover it
 */
export function translateArm64(image: ProgramImage, options: Arm64Options): MachineCode {
  const program = image.inlined ?? image
  const ranges = subprogramsOf(program)
  const decoded = decodeProgram(program.insns, ranges)
  buffer.reset()
  const e = new Emission(buffer, decoded, emissionOptions(options))
  const tailOffsetBytes = putEntry(e)
  const insnOffsetsBytes = new Uint32Array(program.insns.length + 1)
  for (const { start, end, hidden = false } of ranges) {
    e.counting = e.options.count && !hidden
    putSlots(e, decoded, start, end, insnOffsetsBytes)
  }
  insnOffsetsBytes[program.insns.length] = buffer.offset
  // The last instruction may go on, but no verified program does.
  e.put(brk(FALLS_OFF))
  if (e.usesHelpers) putHelperCall(e)
  return { bytes: buffer.finish(), runOffsetBytes: 0, tailOffsetBytes, insnOffsetsBytes }
}

function emissionOptions({ progArray, count = true, lse = true }: Arm64Options): EmissionOptions {
  const { maxEntriesOffsetBytes, slotsOffsetBytes } = progArray
  return { lse, count, maxEntriesOffsetBytes, slotsOffsetBytes }
}

function putSlots(
  e: Emission,
  { insns, rows, isTarget }: DecodedProgram,
  start: number,
  end: number,
  offsets: Uint32Array,
): void {
  for (let pc = start; pc < end; pc++) {
    const row = rows[pc]
    if (row === undefined) {
      offsets[pc] = e.code.offset
      continue
    }
    if (isTarget[pc] === 1) {
      e.flushCount()
      e.hostAddresses.forgetAll()
    }
    offsets[pc] = e.code.offset
    e.begin(pc)
    if (LEAVES.has(row.kind)) e.flushCount()
    putInsn(e, row, insns[pc] as Insn)
  }
}

function putInsn(e: Emission, row: InstructionRow, insn: Insn): void {
  const lower = LOWERINGS[row.id]!
  const writes = writesOf(row, insn)
  if ((writes & (1 << R10)) !== 0) e.withWritableFrame(() => lower(e, insn))
  else lower(e, insn)
  if (writes !== 0) e.hostAddresses.forget(writes)
}

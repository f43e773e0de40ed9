import type { MachineCode } from '@bpfoundry/codegen'
import type { ProgramImage, Translation } from '@bpfoundry/engine'
import { freeCode, type PlacedCode, placeCode } from './executable-memory.ts'
import { NativeExecError } from './native-exec-error.ts'

/** A program as machine code in this process. Plain data: a worker that is posted it runs the same pages. */
export interface NativeTranslation extends Translation {
  /** Name of the engine that made it. */
  readonly engine: string
  /** Whose addresses these are. */
  readonly processId: number
  readonly code: PlacedCode
  /** Length of the machine code; the pages are longer. */
  readonly codeBytes: number
  readonly runOffsetBytes: number
  readonly tailOffsetBytes: number
  /** As in MachineCode. */
  readonly insnOffsetsBytes: Uint32Array
}

/** What this thread placed and did not give back: an address is freed once, and not by a copy of stale data. */
const live = new Set<number>()

/** @throws NativeExecError as {@link placeCode} does */
export function placeProgram(engine: string, image: ProgramImage, machineCode: MachineCode): NativeTranslation {
  const { bytes, runOffsetBytes, tailOffsetBytes, insnOffsetsBytes } = machineCode
  if (runOffsetBytes >= bytes.length || tailOffsetBytes >= bytes.length) {
    throw new Error(`${engine}: entries at ${runOffsetBytes} and ${tailOffsetBytes} in ${bytes.length} bytes of code`)
  }
  const code = placeCode(bytes)
  live.add(code.address)
  const place = { engine, processId: process.pid, code, codeBytes: bytes.length }
  return { image, ...place, runOffsetBytes, tailOffsetBytes, insnOffsetsBytes }
}

/** @throws NativeExecError NATIVE_NOT_LIVE when it was freed before, or placed by another thread */
export function freeProgram({ image, code }: NativeTranslation): void {
  if (!live.delete(code.address)) {
    throw new NativeExecError({
      code: 'NATIVE_NOT_LIVE',
      message: `machine code of ${image.name} is not this thread's to release`,
      where: { program: image.name },
      hint: 'release a translation once, in the thread that translated it',
    })
  }
  freeCode(code)
}

/** A translation that engine `name` can run in this process. @throws NativeExecError NATIVE_FOREIGN */
export function requireNative(name: string, translation: Translation): NativeTranslation {
  const native = translation as NativeTranslation
  if (native.engine === name && native.processId === process.pid) return native
  throw new NativeExecError({
    code: 'NATIVE_FOREIGN',
    message: `translation of ${translation.image.name} is not machine code of this process`,
    where: { program: translation.image.name },
    got: `${native.engine ?? 'another engine'}, process ${native.processId ?? 'unknown'}`,
    expected: `${name}, process ${process.pid}`,
    hint: 'translate in the process that runs it; threads may share it, processes may not',
  })
}

/** Whether the host address `behind` an instruction lies in this program's code. */
export function endsIn({ code, codeBytes }: NativeTranslation, behind: number): boolean {
  return behind > code.address && behind <= code.address + codeBytes
}

/** The instruction slot whose code ends or goes on at the host address; undefined in code that several slots share. */
export function slotBehind({ code, insnOffsetsBytes }: NativeTranslation, behind: number): number | undefined {
  const offset = behind - code.address
  const end = insnOffsetsBytes.at(-1) ?? 0
  const slot = insnOffsetsBytes.findLastIndex((start) => start < offset)
  return offset > end || slot < 0 ? undefined : slot
}

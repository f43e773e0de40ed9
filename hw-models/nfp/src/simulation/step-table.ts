import { MOST_STEP_CYCLES } from './core-messages.ts'
import type { CommandMemory, PacketPath, PathCommand, PathStep } from './packet-path.ts'

/** What a core does at the end of a step: it goes on with the same context after those below `localWait`. */
export const ACTION = { localPost: 0, sharedPost: 1, pause: 2, localWait: 3, sharedWait: 4, done: 5 } as const

/** Operation codes of shared memory: index into the engine's tables. */
export const SHARED_OPERATION: Readonly<Record<string, number>> = {
  'emem.read': 0,
  'emem.write': 1,
  'emem.add': 2,
  'imem.read': 3,
  'imem.write': 4,
  'imem.add': 5,
}

/** Ways of packets as flat arrays, for cores that follow them. */
export interface StepTable {
  /** First step of each path. */
  readonly firsts: Int32Array
  readonly cycles: Int32Array
  readonly actions: Uint8Array
  /** Latency of a local wait, code of a shared operation. */
  readonly arguments: Int32Array
  readonly addresses: Float64Array
  readonly bytes: Int32Array
}

/** The firmware's part of a packet, before and after the program. */
export interface FirmwareCycles {
  readonly before: number
  readonly after: number
}

/**
 * Lays paths out with the firmware's cycles around each: the table that all cores share.
 *
 * @param ctmLatency cycles that a wait for cluster memory takes; no rate of it was found to bound anything
 */
export function layOutPaths(paths: readonly PacketPath[], firmware: FirmwareCycles, ctmLatency: number): StepTable {
  const whole = paths.map(({ steps }) => withFirmware(steps, firmware).flatMap(inSteps))
  const all = whole.flat()
  const firsts: number[] = []
  let at = 0
  for (const steps of whole) {
    firsts.push(at)
    at += steps.length
  }
  return {
    firsts: Int32Array.from(firsts),
    cycles: Int32Array.from(all, ({ cycles }) => cycles),
    actions: Uint8Array.from(all, actionOf),
    arguments: Int32Array.from(all, ({ command }) => argumentOf(command, ctmLatency)),
    addresses: Float64Array.from(all, ({ command }) => command?.address ?? 0),
    bytes: Int32Array.from(all, ({ command }) => command?.bytes ?? 0),
  }
}

function withFirmware(steps: readonly PathStep[], { before, after }: FirmwareCycles): PathStep[] {
  const whole = steps.map((step) => ({ ...step }))
  if (whole.length === 0 || whole.at(-1)?.command !== undefined) whole.push({ cycles: 0 })
  const first = whole[0] as PathStep
  whole[0] = { ...first, cycles: first.cycles + before }
  const last = whole.at(-1) as PathStep
  whole[whole.length - 1] = { ...last, cycles: last.cycles + after }
  return whole
}

/** A step that the core can see through at once. */
type TableStep = PathStep & { readonly pause?: boolean }

/** Long steps as several, with nothing between them. */
function inSteps(step: PathStep): TableStep[] {
  const parts: TableStep[] = []
  let { cycles } = step
  for (; cycles > MOST_STEP_CYCLES; cycles -= MOST_STEP_CYCLES) parts.push({ cycles: MOST_STEP_CYCLES, pause: true })
  return [...parts, { ...step, cycles }]
}

function actionOf({ command, pause }: TableStep): number {
  if (pause === true) return ACTION.pause
  if (command === undefined) return ACTION.done
  if (command.memory === 'ctm') return command.waits ? ACTION.localWait : ACTION.localPost
  return command.waits ? ACTION.sharedWait : ACTION.sharedPost
}

function argumentOf(command: PathCommand | undefined, ctmLatency: number): number {
  if (command === undefined) return 0
  if (command.memory === 'ctm') return ctmLatency
  return sharedOperation(command.memory, command.operation)
}

/** Code of an operation on a memory that all cores share. */
export function sharedOperation(memory: Exclude<CommandMemory, 'ctm'>, operation: PathCommand['operation']): number {
  return SHARED_OPERATION[`${memory}.${operation}`] as number
}

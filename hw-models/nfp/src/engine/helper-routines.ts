import { CPU_BLOCK, type Cpu, type EngineEnvironment } from '@bpfoundry/engine'
import { type FirmwareRoutine, type FirmwareStep, MEMORY_OPERATIONS, type Microengine } from '@bpfoundry/microengine'
import { copyFromStack, KEY_INDEX, VALUE_INDEX } from './local-stack.ts'
import type { PacketWindow } from './packet-window.ts'
import { CONTROL_STORE, type PlacedMap, ROUTINE_HELPERS } from './placed-program.ts'

/** The packet that is being handled. */
export interface CurrentRun {
  /** Undefined before the first one. */
  cpu: Cpu | undefined
  ctx: number
}

/** What the routines of one core work on. */
export interface RoutineScope {
  readonly environment: EngineEnvironment
  readonly maps: ReadonlyMap<number, PlacedMap>
  readonly window: PacketWindow
  readonly run: CurrentRun
}

/** Below the top of the CPU's stack, which a program on the card does not use: copies of keys, values and event data. */
const KEY_BELOW = 128
const VALUE_BELOW = 256
const EVENT_BELOW = 4096
const EVENT_BYTES = EVENT_BELOW - VALUE_BELOW

/** Number of a 64-bit register's low half in a bank. */
const low = (register: number): number => 2 * register

type Perform = (scope: RoutineScope, core: Microengine, context: number) => void

function cpuOf({ run }: RoutineScope): Cpu {
  if (run.cpu === undefined) throw new Error('a routine runs while a packet is handled')
  return run.cpu
}

/** Sets r1 and on to numbers below 2^32. */
function setArguments(cpu: Cpu, ...values: readonly number[]): void {
  for (const [index, value] of values.entries()) {
    cpu.regs[2 * (index + 1)] = value
    cpu.regs[2 * (index + 1) + 1] = 0
  }
}

function mapOf(scope: RoutineScope, number: number): PlacedMap {
  const map = scope.maps.get(number)
  if (map === undefined) throw new Error(`the firmware was asked for map ${number}, which the program does not have`)
  return map
}

/** The map that A0 names, and its key beside the CPU's stack. */
function mapAndKey(scope: RoutineScope, core: Microengine, context: number): { map: PlacedMap; key: number } {
  const cpu = cpuOf(scope)
  const map = mapOf(scope, core.context(context).a[0] ?? 0)
  const key = cpu.stackTop - KEY_BELOW
  const from = core.localMemoryAddress(context, KEY_INDEX)
  copyFromStack(core, from, cpu.memory.u8, key, map.keySizeBytes)
  return { map, key }
}

const lookup: Perform = (scope, core, context) => {
  const { map, key } = mapAndKey(scope, core, context)
  setArguments(cpuOf(scope), map.address, key)
}

const update: Perform = (scope, core, context) => {
  const cpu = cpuOf(scope)
  const { map, key } = mapAndKey(scope, core, context)
  const value = cpu.stackTop - VALUE_BELOW
  copyFromStack(core, core.localMemoryAddress(context, VALUE_INDEX), cpu.memory.u8, value, map.valueSizeBytes)
  setArguments(cpu, map.address, key, value)
  const { a } = core.context(context)
  cpu.regs[8] = a[low(4)] ?? 0
  cpu.regs[9] = a[low(4) + 1] ?? 0
}

/** enum bpf_reg_type of what r4 of an event is, as A1 tells it. */
const ON_STACK = 6
const IN_MAP = 4

const event: Perform = (scope, core, context) => {
  const cpu = cpuOf(scope)
  const { a } = core.context(context)
  const register = (number: number): number => (a[low(number)] ?? 0) >>> 0
  const lengthBytes = Math.min(register(5), EVENT_BYTES)
  const data = cpu.stackTop - EVENT_BELOW
  copyEventData(scope, core, a[1] ?? 0, { from: register(4), to: data, lengthBytes })
  setArguments(cpu, scope.run.ctx, mapOf(scope, register(2)).address, 0, data, lengthBytes)
  cpu.regs[6] = a[low(3)] ?? 0
  cpu.regs[7] = a[low(3) + 1] ?? 0
}

interface Copy {
  readonly from: number
  readonly to: number
  readonly lengthBytes: number
}

function copyEventData(scope: RoutineScope, core: Microengine, type: number, { from, to, lengthBytes }: Copy): void {
  const bytes = cpuOf(scope).memory.u8
  if (type === ON_STACK) {
    copyFromStack(core, from, bytes, to, lengthBytes)
    return
  }
  const address = scope.window.guestAddress(from)
  bytes.copyWithin(to, address, address + lengthBytes)
  if (type === IN_MAP)
    for (const map of scope.maps.values()) swapCounters(bytes, map, { from: address, to, lengthBytes })
}

/** Events carry values as they lie on the card: counters in the other byte order. */
function swapCounters(bytes: Uint8Array, map: PlacedMap, { to, lengthBytes }: Copy): void {
  for (const word of map.counters) if (word + 4 <= lengthBytes) bytes.subarray(to + word, to + word + 4).reverse()
}

interface RoutineRow {
  readonly helper: number
  readonly memory: string
  readonly prepare: Perform
}

/** What each routine is handed, and where most of its time goes. */
// biome-ignore format: table
const ROWS: readonly RoutineRow[] = [
  { helper: ROUTINE_HELPERS.lookup, memory: 'emem', prepare: lookup },
  { helper: ROUTINE_HELPERS.update, memory: 'emem', prepare: update },
  { helper: ROUTINE_HELPERS.delete, memory: 'emem', prepare: lookup },
  { helper: ROUTINE_HELPERS.event,  memory: 'emem', prepare: event },
]

/** The routines by address, bound to a program's maps: each calls the helper that every engine calls. */
export function helperRoutines(scope: RoutineScope): ReadonlyMap<number, FirmwareRoutine> {
  return new Map(ROWS.map((row) => [CONTROL_STORE.helpers.get(row.helper) as number, routine(scope, row)] as const))
}

const HELPER_CALLS = CPU_BLOCK.fields.helperCalls.offsetBytes >>> 3

function countCall({ memory, block }: Cpu): void {
  const at = (block >>> 3) + HELPER_CALLS
  memory.f64[at] = (memory.f64[at] as number) + 1
}

function routine(scope: RoutineScope, { helper, memory, prepare }: RoutineRow): FirmwareRoutine {
  const call = scope.environment.helpers[helper]
  if (call === undefined) throw new Error(`there is no helper ${helper}`)
  const steps: readonly FirmwareStep[] = [
    {
      kind: 'memory',
      memory,
      operation: MEMORY_OPERATIONS.read32,
      units: 1,
      addressBits: 40,
      wait: true,
      perform: (core, context) => {
        const cpu = cpuOf(scope)
        prepare(scope, core, context)
        call(cpu)
        countCall(cpu)
      },
    },
  ]
  return {
    name: `helper ${helper}`,
    enter: () => steps,
    leave: (core, context) => {
      const { a, b } = core.context(context)
      const { regs } = cpuOf(scope)
      const back = b[0] ?? 0
      a[0] = b[0] = regs[0] ?? 0
      a[1] = b[1] = regs[1] ?? 0
      return back
    },
  }
}

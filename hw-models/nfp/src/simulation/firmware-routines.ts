import type { GuestMemory, Region } from '@bpfoundry/guest-memory'
import type { BpfMap } from '@bpfoundry/maps'
import { type FirmwareRoutine, type FirmwareStep, MEMORY_OPERATIONS, type Microengine } from '@bpfoundry/microengine'
import { copyFromStack, KEY_INDEX, VALUE_INDEX } from '../engine/local-stack.ts'
import { CONTROL_STORE, ROUTINE_HELPERS } from '../engine/placed-program.ts'

/** Longest key and value that a card's firmware takes. */
const MOST_BYTES = 64
const NO_STEPS: readonly FirmwareStep[] = []
const MOST_CONTEXTS = 8

/** What map routines work on. */
export interface RoutineScope {
  readonly memory: GuestMemory
  /** Maps by the number that the card knows them by. */
  readonly maps: ReadonlyMap<number, BpfMap>
  /** Cycles of a routine; memory commands count on their own. */
  readonly cycles: number
  /** Whether it goes to memory: a firmware that keeps arrays at a fixed place does not. */
  readonly commands: boolean
  /** Updates and deletions are not done. */
  readonly keepsMaps: boolean
}

/** What one context has asked for. */
interface Request {
  map: BpfMap | undefined
  readonly key: number
  readonly value: number
  /** Where the element lies; r0 at the end. */
  element: number
  result: number
}

type Operation = (request: Request, map: BpfMap) => number

/** What helpers do with a map, and answer. The event goes to the host, which has no part in a core's time. */
const OPERATIONS: readonly (readonly [helper: number, Operation, changes: boolean])[] = [
  [ROUTINE_HELPERS.lookup, ({ key }, map) => map.lookup(key, 0), false],
  [ROUTINE_HELPERS.update, ({ key, value }, map) => map.update(key, value, 0, 0), true],
  [ROUTINE_HELPERS.delete, ({ key }, map) => map.delete(key), true],
  [ROUTINE_HELPERS.event, () => 0, false],
]
const nothing: Operation = () => 0

/**
 * The firmware's map routines of one core: the map's descriptor from internal memory, a lock of the bucket taken with an
 * atomic and given back without waiting, the bucket's 64 bytes read and compared. What changes the map is done while the
 * lock is held, in the order in which the card's memory serves it.
 *
 * On entry A0 is the map's number, B0 the address to go back to, LM0 the key, LM2 the value; on return registers 0 and 1 of
 * both banks hold the answer.
 *
 * @see nfp.md 1.3, 2.2: CoreNIC's hash map
 */
export class MapRoutines {
  readonly #scope: RoutineScope
  readonly #requests: readonly Request[]
  readonly #room: Region

  constructor(scope: RoutineScope) {
    this.#scope = scope
    this.#room = scope.memory.allocate('card keys', 'ctx', MOST_CONTEXTS * 2 * MOST_BYTES)
    this.#requests = Array.from({ length: MOST_CONTEXTS }, (_, context) => {
      const key = this.#room.address + context * 2 * MOST_BYTES
      return { map: undefined, key, value: key + MOST_BYTES, element: 0, result: 0 }
    })
  }

  /** Where the element lies that a context's routine is about: its commands name a memory only. */
  elementOf(context: number): number {
    return this.#request(context).element
  }

  /** Gives its guest memory back. */
  close(): void {
    this.#scope.memory.free(this.#room)
  }

  /** The routines by the address at which programs call them. */
  byAddress(): ReadonlyMap<number, FirmwareRoutine> {
    return new Map(
      OPERATIONS.map(([helper, operation, changes]) => [
        CONTROL_STORE.helpers.get(helper) as number,
        this.#routine(changes && this.#scope.keepsMaps ? nothing : operation),
      ]),
    )
  }

  #routine(operation: Operation): FirmwareRoutine {
    const { cycles, commands } = this.#scope
    const perform = (context: number): void => {
      const request = this.#request(context)
      if (request.map !== undefined) request.result = operation(request, request.map)
    }
    const steps = routineSteps(cycles, (_core, context) => perform(context))
    const short: readonly FirmwareStep[] = [{ kind: 'compute', cycles }]
    return {
      name: 'map routine',
      enter: (core, context) => {
        this.#take(core, context)
        if (this.#request(context).map === undefined) return NO_STEPS
        if (commands) return steps
        perform(context)
        return short
      },
      leave: (core, context) => this.#answer(core, context),
    }
  }

  /** Key and value from the stack in local memory to where the map reads them. */
  #take(core: Microengine, context: number): void {
    const { maps, memory } = this.#scope
    const request = this.#request(context)
    const map = maps.get(core.context(context).a[0] ?? 0)
    request.map = map
    request.result = 0
    if (map === undefined) return
    const { keySizeBytes, valueSizeBytes } = map.attributes
    copyFromStack(core, core.localMemoryAddress(context, KEY_INDEX), memory.u8, request.key, keySizeBytes)
    const value = core.localMemoryAddress(context, VALUE_INDEX)
    copyFromStack(core, value, memory.u8, request.value, Math.min(valueSizeBytes, MOST_BYTES))
    request.element = map.lookup(request.key, 0) || map.address
  }

  #answer(core: Microengine, context: number): number {
    const { a, b } = core.context(context)
    const back = b[0] ?? 0
    const { result } = this.#request(context)
    a[0] = result
    b[0] = result
    a[1] = result < 0 ? -1 : 0
    b[1] = a[1]
    return back
  }

  #request(context: number): Request {
    return this.#requests[context] as Request
  }
}

function routineSteps(cycles: number, perform: (core: Microengine, context: number) => void): FirmwareStep[] {
  const { read, read32, add, add_imm: addImmediate } = MEMORY_OPERATIONS
  const compute = (share: number): FirmwareStep => ({ kind: 'compute', cycles: Math.round(cycles * share) })
  return [
    compute(1 / 4),
    { kind: 'memory', memory: 'imem', operation: read, units: 8, addressBits: 40, wait: true },
    compute(1 / 4),
    { kind: 'memory', memory: 'emem', operation: add, units: 1, addressBits: 40, wait: true },
    { kind: 'memory', memory: 'emem', operation: read32, units: 16, addressBits: 40, wait: true, perform },
    compute(1 / 2),
    { kind: 'memory', memory: 'emem', operation: addImmediate, units: 1, addressBits: 40, wait: false },
  ]
}

import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { BpfMap } from '@bpfoundry/maps'
import { type FirmwareRoutine, type FirmwareStep, MEMORY_OPERATIONS, type Microengine } from '@bpfoundry/microengine'

/** Longest key that a card's firmware takes. */
const MOST_KEY_BYTES = 64
const NO_STEPS: readonly FirmwareStep[] = []

/** What a map routine works on. */
export interface LookupScope {
  readonly memory: GuestMemory
  /** Maps by the number that the card knows them by. */
  readonly maps: ReadonlyMap<number, BpfMap>
  /** Cycles of the routine; memory commands count on their own. */
  readonly cycles: number
  /** Whether it goes to memory: a firmware that keeps arrays at a fixed place does not. */
  readonly commands: boolean
}

/**
 * `bpf_map_lookup_elem` as the firmware has it: the map's descriptor from internal memory, a lock of the bucket taken with an
 * atomic and given back without waiting, the bucket's 64 bytes read and compared. One object a core.
 *
 * On entry A0 is the map's number, B0 the address to go back to, LM0 the key; on return registers 0 and 1 of both banks hold
 * the value's address, or 0. Maps only change by the host's hand, so what was found on entry still is there on return.
 *
 * @see nfp.md 1.3, 2.2: CoreNIC's hash map
 */
export class LookupRoutine implements FirmwareRoutine {
  readonly name = 'bpf_map_lookup_elem'
  readonly #scope: LookupScope
  readonly #steps: readonly FirmwareStep[]
  readonly #scratch: number
  /** By context: the value that was found, and where the element lies. */
  readonly #values: number[] = []
  readonly #elements: number[] = []

  /** @param scratch where keys are put for the map to read, {@link LookupRoutine.scratchBytes} long */
  constructor(scope: LookupScope, scratch: number) {
    this.#scope = scope
    this.#scratch = scratch
    this.#steps = scope.commands ? lookupSteps(scope.cycles) : [{ kind: 'compute', cycles: scope.cycles }]
  }

  static readonly scratchBytes: number = MOST_KEY_BYTES

  /** Where the element lies that a context looks at: the routine's commands name a memory only. */
  elementOf(context: number): number {
    return this.#elements[context] ?? 0
  }

  enter(core: Microengine, context: number): readonly FirmwareStep[] {
    const map = this.#scope.maps.get(core.context(context).a[0] ?? 0)
    if (map === undefined) {
      this.#values[context] = 0
      return NO_STEPS
    }
    this.#takeKey(core, context, map)
    const value = map.lookup(this.#scratch, 0)
    this.#values[context] = value
    this.#elements[context] = value === 0 ? map.address : value
    return this.#steps
  }

  leave(core: Microengine, context: number): number {
    const { a, b } = core.context(context)
    const back = b[0] ?? 0
    const value = this.#values[context] ?? 0
    a[0] = value
    b[0] = value
    a[1] = 0
    b[1] = 0
    return back
  }

  /** A key from the stack in local memory to where the map reads it. */
  #takeKey(core: Microengine, context: number, map: BpfMap): void {
    const { localMemory } = core.state
    const from = core.localMemoryAddress(context, 0)
    const local = new Uint8Array(localMemory.buffer, localMemory.byteOffset, localMemory.byteLength)
    this.#scope.memory.u8.set(local.subarray(from, from + map.attributes.keySizeBytes), this.#scratch)
  }
}

function lookupSteps(cycles: number): FirmwareStep[] {
  const { read, read32, add, add_imm: addImmediate } = MEMORY_OPERATIONS
  const compute = (share: number): FirmwareStep => ({ kind: 'compute', cycles: Math.round(cycles * share) })
  return [
    compute(1 / 4),
    { kind: 'memory', memory: 'imem', operation: read, units: 8, addressBits: 40, wait: true },
    compute(1 / 4),
    { kind: 'memory', memory: 'emem', operation: add, units: 1, addressBits: 40, wait: true },
    { kind: 'memory', memory: 'emem', operation: read32, units: 16, addressBits: 40, wait: true },
    compute(1 / 2),
    { kind: 'memory', memory: 'emem', operation: addImmediate, units: 1, addressBits: 40, wait: false },
  ]
}

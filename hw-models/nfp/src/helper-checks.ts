import { helperByName } from '@bpfoundry/kernel-abi'
import type { RegisterFact } from '@bpfoundry/verifier'
import type { CheckContext, HelperMemory } from './check-context.ts'
import { markMapUpdate } from './map-use.ts'
import { invalid, type Refusals, unsupported } from './refusal.ts'
import { constantOffset, isConstant, registerType, varOffMask, varOffText, varOffValue } from './register-type.ts'

type HelperCheck = (context: CheckContext, call: HelperMemory) => Refusals

const BPF_F_INDEX_MASK = 0xffffffffn
const BPF_F_CURRENT_CPU = 0xffffffffn

/** @see nfp_bpf_stack_arg_ok in nfp/bpf/verifier.c */
function* stackArgument(name: string, fact: RegisterFact, call?: HelperMemory): Refusals {
  if (fact.kind !== 'fp') {
    yield unsupported('argument-kind', `${name}: unsupported ptr type ${registerType(fact)}`)
    return
  }
  if (!isConstant(fact)) {
    yield unsupported('argument-variable', `${name}: variable pointer`)
    return
  }
  const offset = constantOffset(fact)
  if (offset % 4 !== 0) yield unsupported('argument-unaligned', `${name}: unaligned stack pointer ${-offset}`)
  if (call?.argument !== undefined) call.varies = call.varies === true || constantOffset(call.argument) !== offset
}

/** map_lookup, map_update, map_delete: the firmware has it, and the key lies on the stack. */
function* mapCall(name: string, has: boolean, context: CheckContext, call: HelperMemory): Refusals {
  if (!has) yield unsupported('helper-firmware', `${name}: not supported by FW`)
  const key = context.registers(2)
  yield* stackArgument(name, key, call)
  call.argument = key
}

const adjustHead: HelperCheck = function* ({ firmware }) {
  if (firmware.adjustHead === undefined) {
    yield unsupported('helper-firmware', 'adjust_head not supported by FW')
  } else if (!firmware.adjustHead.noMeta) {
    const message = 'adjust_head: FW requires shifting metadata, not supported by the driver'
    yield unsupported('adjust-head-metadata', message)
  }
}

const adjustTail: HelperCheck = function* ({ firmware }) {
  if (!firmware.adjustTail) yield unsupported('helper-firmware', 'adjust_tail not supported by FW')
}

const mapLookup: HelperCheck = (context, call) => mapCall('map_lookup', context.firmware.mapLookup, context, call)

const mapDelete: HelperCheck = (context, call) => mapCall('map_delete', context.firmware.mapDelete, context, call)

const VALUE = 3

const mapUpdate: HelperCheck = function* (context, call) {
  const { firmware, registers, stackIsZero } = context
  yield* mapCall('map_update', firmware.mapUpdate, context, call)
  const value = registers(VALUE)
  yield* stackArgument('map_update', value)
  const map = context.map(registers(1))
  // Without knowledge of the stack's bytes the value is taken to be zero, as programs that count initialise it.
  if (map === undefined || stackIsZero === undefined || value.kind !== 'fp') return
  yield* markMapUpdate(map, value, (offset) => stackIsZero(offset, VALUE))
}

const prandom: HelperCheck = function* ({ firmware }) {
  if (firmware.pseudoRandom) return
  yield unsupported('helper-firmware', "bpf_get_prandom_u32(): FW doesn't support random number generation")
}

const EVENT_DATA_KINDS: ReadonlySet<string> = new Set(['scalar', 'fp', 'map_value', 'pkt'])

const eventOutput: HelperCheck = function* (context, call) {
  const { firmware, registers } = context
  if (!firmware.perfEventOutput) yield unsupported('helper-firmware', 'event_output: not supported by FW')
  const flags = registers(3)
  const anyCpu = (varOffMask(flags) & BPF_F_INDEX_MASK) !== 0n
  if (anyCpu || (varOffValue(flags) & BPF_F_INDEX_MASK) !== BPF_F_CURRENT_CPU) {
    yield unsupported('event-cpu', `event_output: must use BPF_F_CURRENT_CPU, var_off: ${varOffText(flags)}`)
  }
  const data = registers(4)
  if (!EVENT_DATA_KINDS.has(data.kind)) {
    yield unsupported('event-data-kind', `event_output: unsupported ptr type: ${registerType(data)}`)
  }
  if (data.kind === 'fp') yield* stackArgument('event_output', data)
  context.warn('warning: return codes and behavior of event_output helper differ for offload!')
  const before = call.argument
  if (before !== undefined && before.kind !== data.kind) {
    const types = `${registerType(before)} ${registerType(data)}`
    yield invalid('event-data-changes', `event_output: ptr type changed: ${types}`)
  }
  call.argument = data
}

/** Helpers that the card may have, and what is asked of a call. @see nfp_bpf_check_helper_call in nfp/bpf/verifier.c */
// biome-ignore format: table
const HELPER_CHECKS: ReadonlyMap<number, HelperCheck> = new Map([
  [id('bpf_xdp_adjust_head'),    adjustHead],
  [id('bpf_xdp_adjust_tail'),    adjustTail],
  [id('bpf_map_lookup_elem'),    mapLookup],
  [id('bpf_map_update_elem'),    mapUpdate],
  [id('bpf_map_delete_elem'),    mapDelete],
  [id('bpf_get_prandom_u32'),    prandom],
  [id('bpf_perf_event_output'),  eventOutput],
])

/** Checks a call of helper `helperId`. */
export function* checkHelperCall(context: CheckContext, helperId: number, call: HelperMemory): Refusals {
  const check = HELPER_CHECKS.get(helperId)
  if (check === undefined) yield unsupported('helper-unsupported', `unsupported function id: ${helperId}`)
  else yield* check(context, call)
}

function id(name: string): number {
  const helper = helperByName(name)
  if (helper === undefined) throw new Error(`no helper ${name}`)
  return helper.id
}

import { ERRNO, helperByName } from '@bpfoundry/kernel-abi'
import type { DeviceRefusal, RegisterFact } from '@bpfoundry/verifier'
import type { CheckContext, HelperMemory } from './check-context.ts'
import { markMapUpdate } from './map-use.ts'
import { constantOffset, REG_TYPE, varOffText } from './register-type.ts'

type HelperCheck = (context: CheckContext, call: HelperMemory) => DeviceRefusal | undefined

const unsupported = (message: string): DeviceRefusal => ({ errno: ERRNO.EOPNOTSUPP, message })

const BPF_F_INDEX_MASK = 0xffffffffn
const BPF_F_CURRENT_CPU = 0xffffffffn

/** @see nfp_bpf_stack_arg_ok in nfp/bpf/verifier.c */
function stackArgument(name: string, fact: RegisterFact): DeviceRefusal | undefined {
  if (fact.kind !== 'fp') return unsupported(`${name}: unsupported ptr type ${REG_TYPE[fact.kind]}`)
  if (!fact.constant) return unsupported(`${name}: variable pointer`)
  const offset = constantOffset(fact)
  return offset % 4 === 0 ? undefined : unsupported(`${name}: unaligned stack pointer ${-offset}`)
}

/** map_lookup, map_update, map_delete: the firmware has it, and key (and value) lie on the stack. */
function mapCall(name: string, has: boolean, keys: readonly RegisterFact[]): DeviceRefusal | undefined {
  if (!has) return unsupported(`${name}: not supported by FW`)
  for (const key of keys) {
    const refusal = stackArgument(name, key)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const adjustHead: HelperCheck = ({ firmware }) => {
  if (firmware.adjustHead === undefined) return unsupported('adjust_head not supported by FW')
  if (firmware.adjustHead.noMeta) return undefined
  return unsupported('adjust_head: FW requires shifting metadata, not supported by the driver')
}

const adjustTail: HelperCheck = ({ firmware }) =>
  firmware.adjustTail ? undefined : unsupported('adjust_tail not supported by FW')

const mapLookup: HelperCheck = ({ firmware, registers }) => mapCall('map_lookup', firmware.mapLookup, [registers(2)])

const mapDelete: HelperCheck = ({ firmware, registers }) => mapCall('map_delete', firmware.mapDelete, [registers(2)])

const mapUpdate: HelperCheck = (context) => {
  const { firmware, registers, stackIsZero } = context
  const refusal = mapCall('map_update', firmware.mapUpdate, [registers(2), registers(3)])
  if (refusal !== undefined) return refusal
  const map = context.map(registers(1))
  // Without knowledge of the stack's bytes the value is taken to be zero, as programs that count initialise it.
  return map === undefined || stackIsZero === undefined ? undefined : markMapUpdate(map, registers(3), stackIsZero)
}

const prandom: HelperCheck = ({ firmware }) =>
  firmware.pseudoRandom ? undefined : unsupported("bpf_get_prandom_u32(): FW doesn't support random number generation")

const EVENT_DATA_KINDS: ReadonlySet<string> = new Set(['scalar', 'fp', 'map_value', 'pkt'])

const eventOutput: HelperCheck = (context, call) => {
  const { firmware, registers } = context
  if (!firmware.perfEventOutput) return unsupported('event_output: not supported by FW')
  const flags = registers(3)
  const index = flags.constant ? (flags.value ?? 0n) & BPF_F_INDEX_MASK : undefined
  if (index !== BPF_F_CURRENT_CPU) {
    return unsupported(`event_output: must use BPF_F_CURRENT_CPU, var_off: ${varOffText(flags)}`)
  }
  const data = registers(4)
  if (!EVENT_DATA_KINDS.has(data.kind)) {
    return unsupported(`event_output: unsupported ptr type: ${REG_TYPE[data.kind]}`)
  }
  const refusal = data.kind === 'fp' ? stackArgument('event_output', data) : undefined
  if (refusal !== undefined) return refusal
  context.warn('warning: return codes and behavior of event_output helper differ for offload!')
  if (call.dataKind !== undefined && call.dataKind !== data.kind) {
    return {
      errno: ERRNO.EINVAL,
      message: `event_output: ptr type changed: ${REG_TYPE[call.dataKind]} ${REG_TYPE[data.kind]}`,
    }
  }
  call.dataKind = data.kind
  return undefined
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
export function checkHelperCall(
  context: CheckContext,
  helperId: number,
  call: HelperMemory,
): DeviceRefusal | undefined {
  const check = HELPER_CHECKS.get(helperId)
  return check === undefined ? unsupported(`unsupported function id: ${helperId}`) : check(context, call)
}

function id(name: string): number {
  const helper = helperByName(name)
  if (helper === undefined) throw new Error(`no helper ${name}`)
  return helper.id
}

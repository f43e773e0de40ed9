import { BPF_EMIT_CALL, BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import {
  DEFAULT_PROFILE,
  MAP_TYPE,
  type MapAttributes,
  mapTypeName,
  PROG_TYPE,
  programTypeName,
} from '@bpfoundry/kernel-abi'
import type { OffloadDevice } from '../kernel.ts'
import type { FeatureProbe } from './feature-probe.ts'
import { type Availability, type FeatureReport, probedHelpers } from './feature-report.ts'
import { MISC_FEATURES } from './misc-programs.ts'
import { ProbedKernel } from './probed-kernel.ts'

/** A device that programs can be loaded for, and that maps can be made on. */
export interface ProbedDevice extends OffloadDevice {
  /** Whether such a map can be made on it. */
  takesMap(attributes: MapAttributes): boolean
}

/** What devices are asked about. */
const PROGRAM_TYPES: readonly number[] = [PROG_TYPE.SCHED_CLS, PROG_TYPE.XDP]
const MAP_TYPES: readonly number[] = [MAP_TYPE.HASH, MAP_TYPE.ARRAY]

/**
 * By these a helper is known to be what a program is refused for. bpftool does not know the last, and takes that for granted.
 *
 * @see probe_helper_ifindex in tools/bpf/bpftool/feature.c
 */
const NO_HELPER = [
  'invalid func ',
  'unknown func ',
  'program of this type cannot use helper ',
  'not supported by FW',
  'unsupported function id',
  "FW doesn't support",
]

/** What `bpftool feature probe dev` would find of a device: all of it by loading programs for it, and making maps there. */
export function probeDevice({ release = DEFAULT_PROFILE, full }: FeatureProbe, device: ProbedDevice): FeatureReport {
  const kernel = new ProbedKernel(release, device)
  const programTypes = PROGRAM_TYPES.map((type) => ({
    type,
    name: programTypeName(type),
    // 2 is a verdict that cards have for both.
    available: kernel.takes(type, [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]),
  }))
  return {
    release,
    sysctls: new Map(),
    options: [],
    programTypes: programTypes.map(({ name, available }) => ({ name, available })),
    mapTypes: MAP_TYPES.map((type) => ({ name: mapTypeName(type), available: device.takesMap(probedMap(type)) })),
    helpers: programTypes.map(({ type, name, available }) => ({
      programType: name,
      available,
      helpers: helpersOf(kernel, type, available, full === true),
    })),
    // Socket filters ask for these, of which devices take none.
    misc: MISC_FEATURES.map(({ name, text }) => ({ name, text, available: false })),
  }
}

function probedMap(type: number): MapAttributes {
  return { name: '', type, keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 1, flags: 0 }
}

function helpersOf(kernel: ProbedKernel, type: number, isTypeThere: boolean, full: boolean): readonly Availability[] {
  return probedHelpers(full).map(({ name, id }) => {
    const refusal = isTypeThere ? (kernel.refusal(type, [BPF_EMIT_CALL(id), BPF_EXIT_INSN()]) ?? '') : undefined
    return { name, available: refusal !== undefined && !NO_HELPER.some((words) => refusal.includes(words)) }
  })
}

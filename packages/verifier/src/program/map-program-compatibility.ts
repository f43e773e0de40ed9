/** Which programs may name which maps. @see check_map_prog_compatibility in kernel/bpf/verifier.c */
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { Refusal } from '../report/refusal.ts'
import type { VerifierMap } from '../verifier-api.ts'
import type { MapFieldKind } from './map-fields.ts'

/** Types whose programs may run anywhere in the kernel, also where a lock is held or a timer fires. */
const TRACING: ReadonlySet<number> = new Set([
  PROG_TYPE.KPROBE,
  PROG_TYPE.TRACEPOINT,
  PROG_TYPE.PERF_EVENT,
  PROG_TYPE.RAW_TRACEPOINT,
  PROG_TYPE.RAW_TRACEPOINT_WRITABLE,
])
const SOCKET_FILTER: ReadonlySet<number> = new Set([PROG_TYPE.SOCKET_FILTER])

interface Exclusion {
  readonly kinds: readonly MapFieldKind[]
  readonly types: ReadonlySet<number>
  readonly message: string
}

const GRAPHS = 'tracing progs cannot use bpf_{list_head,rb_root} yet'

// biome-ignore format: table
const EXCLUSIONS: readonly Exclusion[] = [
  { kinds: ['bpf_list_head', 'bpf_rb_root'],       types: TRACING,       message: GRAPHS },
  { kinds: ['bpf_spin_lock', 'bpf_res_spin_lock'], types: SOCKET_FILTER, message: 'socket filter progs cannot use bpf_spin_lock yet' },
  { kinds: ['bpf_spin_lock', 'bpf_res_spin_lock'], types: TRACING,       message: 'tracing progs cannot use bpf_spin_lock yet' },
  { kinds: ['bpf_timer'],                          types: TRACING,       message: 'tracing progs cannot use bpf_timer yet' },
  { kinds: ['bpf_wq'],                             types: TRACING,       message: 'tracing progs cannot use bpf_wq yet' },
]

/** Refuses a map that programs of the type may not name. @throws {Refusal} VERIFIER_MAP_TYPE, VERIFIER_MAP_FIELD */
export function checkMapForProgram({ type, fields = [] }: VerifierMap, programType: number, pc: number): void {
  const excluded = EXCLUSIONS.find(
    ({ kinds, types }) => types.has(programType) && fields.some(({ kind }) => kinds.includes(kind)),
  )
  if (excluded !== undefined) {
    throw new Refusal({ code: 'VERIFIER_MAP_FIELD', errno: 'EINVAL', message: excluded.message }, pc)
  }
  if (type !== MAP_TYPE.STRUCT_OPS) return
  const message = 'bpf_struct_ops map cannot be used in prog'
  throw new Refusal({ code: 'VERIFIER_MAP_TYPE', errno: 'EINVAL', message }, pc)
}

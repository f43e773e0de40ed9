import type { Btf } from '@bpfoundry/btf'
import {
  ERRNO,
  type ErrnoName,
  errnoName,
  MAP_FLAG,
  MAP_TYPE,
  type MapAttributes,
  mapTypeName,
} from '@bpfoundry/kernel-abi'
import { type MapField, type MapFieldKind, mapFields } from '@bpfoundry/verifier'
import { KernelError } from './kernel-error.ts'

type MapTypeName = keyof typeof MAP_TYPE

const STORAGES = 'SK_STORAGE INODE_STORAGE TASK_STORAGE CGRP_STORAGE'
const KEYED = 'HASH LRU_HASH ARRAY'
const COUNTED = `${KEYED} PERCPU_HASH LRU_PERCPU_HASH PERCPU_ARRAY ${STORAGES}`

/** Maps whose values may have a field. @see map_check_btf in kernel/bpf/syscall.c */
// biome-ignore format: table
const MAP_TYPES: Readonly<Record<MapFieldKind, string>> = {
  bpf_spin_lock:     `HASH ARRAY CGROUP_STORAGE ${STORAGES}`,
  bpf_res_spin_lock: `HASH ARRAY CGROUP_STORAGE ${STORAGES}`,
  bpf_timer:         KEYED,
  bpf_wq:            KEYED,
  bpf_task_work:     KEYED,
  bpf_refcount:      COUNTED,
  bpf_list_head:     KEYED,
  bpf_rb_root:       KEYED,
  kptr_untrusted:    COUNTED,
  kptr:              COUNTED,
  percpu_kptr:       COUNTED,
  uptr:              'TASK_STORAGE',
}

const ONE_SIDED = MAP_FLAG.RDONLY_PROG | MAP_FLAG.WRONLY_PROG

/** What decides on the fields of a map to create. */
interface TypedMap extends MapAttributes {
  readonly btf?: Btf
  readonly btfValueTypeId?: number
}

function takes(type: number, { kind }: MapField): boolean {
  return MAP_TYPES[kind].split(' ').some((name) => MAP_TYPE[name as MapTypeName] === type)
}

function refused({ name, type }: MapAttributes, errno: ErrnoName, reason: string): KernelError {
  return new KernelError(ERRNO[errno], {
    code: 'KERNEL_MAP_CREATE',
    message: `${mapTypeName(type)} map ${name} is refused: ${reason} (${errnoName(ERRNO[errno])})`,
    where: { map: name },
  })
}

/**
 * Special fields of a map's values; undefined for a map without BTF.
 *
 * @param release by whose rules they are fields
 * @throws KernelError KERNEL_MAP_CREATE with EACCES, EOPNOTSUPP where such a map may not have them
 */
export function checkedMapFields(request: TypedMap, release?: string): readonly MapField[] | undefined {
  const { btf, btfValueTypeId = 0, valueSizeBytes, flags, type } = request
  if (btf === undefined || btfValueTypeId === 0) return undefined
  const fields = mapFields(btf, btfValueTypeId, valueSizeBytes, release)
  if (fields.length > 0 && (flags & ONE_SIDED) !== 0) {
    throw refused(request, 'EACCES', 'programs may only read it, or only write it, and its values have special fields')
  }
  const unfit = fields.find((field) => !takes(type, field))
  if (unfit !== undefined) throw refused(request, 'EOPNOTSUPP', `its values may not have a ${unfit.kind}`)
  return fields
}

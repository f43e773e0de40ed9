/** struct bpf_devmap_val: what a devmap stores. @see include/uapi/linux/bpf.h */
import { ERRNO } from '@bpfoundry/kernel-abi'
import type { MapReferences } from './bpf-map.ts'

/** Bytes of a stored value: u32 ifindex, u32 id of the egress program or 0. A map's value may be the first half only. */
export const DEVMAP_VALUE_BYTES = 8

/**
 * The id of the egress program for a value that names device `ifindex` and program `fd` (0 or less: none).
 *
 * @returns the id, 0 for none, or -EINVAL when device or program can't be a target
 */
export function resolveDevmapValue(references: MapReferences | undefined, ifindex: number, fd: number): number {
  if (references !== undefined && !references.device(ifindex)) return -ERRNO.EINVAL
  if (fd <= 0) return 0
  const program = references === undefined ? fd : references.devmapProgram(fd)
  return program < 0 ? -ERRNO.EINVAL : program
}

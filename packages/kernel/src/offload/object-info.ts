import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { KernelError } from '../kernel-error.ts'
import type { NetNamespace } from './net-namespace.ts'

/** Where an object lives, as BPF_OBJ_GET_INFO_BY_FD tells it. All 0 for one of the host. */
export interface DeviceInfo {
  readonly ifindex: number
  readonly netnsDevice: number
  readonly netnsInode: number
}

/** `struct bpf_prog_info`, as far as it is known here. */
export interface ProgramInfo extends DeviceInfo {
  readonly id: number
  readonly type: number
  readonly name: string
  /** 16 hex digits. */
  readonly tag: string
  readonly gplCompatible: boolean
  /** As Linux has it: look-ups that an engine inlines when it compiles stand inlined there. */
  readonly xlatedBytes: number
  /** 0 where nothing was compiled; of an offloaded program what the device made of it. */
  readonly jitedBytes: number
  /** What holds the instructions, whole pages. */
  readonly memlockBytes: number
  readonly mapIds: readonly number[]
  /** Of the types that it was loaded with. */
  readonly btfId?: number
  /** When, in seconds of Unix time, and by whom; undefined where nobody keeps it. */
  readonly loaded?: { readonly atSeconds: number; readonly uid: number }
}

/** `struct bpf_map_info`, as far as it is known here. */
export interface MapInfo extends DeviceInfo, MapAttributes {
  readonly id: number
  readonly frozen: boolean
  /** As fdinfo tells it; undefined where that is not known. */
  readonly memlockBytes?: number
  /** Of a prog array: what its programs are like, once one uses it. */
  readonly owner?: { readonly type: number; readonly jited: boolean }
  /** Of the types of keys and values. */
  readonly btfId?: number
}

/** An interface, as object info needs it. */
export interface InfoDevice {
  readonly ifindex: number
  readonly namespace: NetNamespace
}

/**
 * The device's part of object info.
 *
 * @param device undefined for an orphan
 * @throws KernelError ENODEV for an orphan: Linux then tells nothing of the object at all
 * @see bpf_prog_offload_info_fill, bpf_map_offload_info_fill
 */
export function deviceInfo(kind: 'program' | 'map', name: string, device: InfoDevice | undefined): DeviceInfo {
  if (device === undefined) {
    throw new KernelError(ERRNO.ENODEV, {
      code: 'KERNEL_ORPHANED',
      message: `the device that ${kind} ${name} was bound to is gone (ENODEV)`,
      where: { [kind]: name },
    })
  }
  const { ifindex, namespace } = device
  return { ifindex, netnsDevice: namespace.deviceNumber, netnsInode: namespace.inode }
}

/** For an object of the host. */
export const ON_HOST: DeviceInfo = { ifindex: 0, netnsDevice: 0, netnsInode: 0 }

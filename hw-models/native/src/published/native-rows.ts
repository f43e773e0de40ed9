import type { HostRow } from '@bpfoundry/device'
import { CONEXT_ROWS } from './conext-rows.ts'
import { HXDP_ROWS } from './hxdp-rows.ts'
import { KERNEL_LIST_ROWS } from './kernel-list-rows.ts'

/** Every published figure of native XDP on a host, whether the model answers it or not. */
export const NATIVE_ROWS: readonly HostRow[] = [...HXDP_ROWS, ...CONEXT_ROWS, ...KERNEL_LIST_ROWS]

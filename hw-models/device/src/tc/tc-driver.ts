import type { AttachRefusal } from '../attach-driver.ts'
import type { TcProgram } from './tc-program.ts'
import type { TcProtocol } from './tc-protocol.ts'

/** TC_CLSBPF_OFFLOAD: what a driver is told of a filter that comes, is replaced or goes. */
export interface ClsBpfOffload {
  readonly chain: number
  readonly protocol: TcProtocol
  readonly priority: number
  /** The filter's program; undefined to take it away. */
  readonly program: TcProgram | undefined
  /** What it replaces, or what is taken away. */
  readonly previous: TcProgram | undefined
  /** exts_integrated: the program's result is the action. */
  readonly directAction: boolean
  /** The filter has `action ...` of its own. */
  readonly hasActions: boolean
}

/** A driver's part in traffic control: ndo_setup_tc for cls_bpf, and NETIF_F_HW_TC in ndo_set_features. */
export interface TcDriver {
  /** Undefined for a driver without filter offload. */
  readonly setupFilter?: (request: ClsBpfOffload) => AttachRefusal | undefined
  /** Asked before `hw-tc-offload` is switched; undefined where the switch is fixed. */
  readonly setHwTcOffload?: (on: boolean) => AttachRefusal | undefined
}

/** What drivers that take filters ask first. @see tc_cls_can_offload_and_chain0 in include/net/pkt_cls.h */
export function refusesOffload(hwTcOffload: boolean, chain: number): string | undefined {
  if (!hwTcOffload) return 'TC offload is disabled on net device'
  return chain === 0 ? undefined : 'Driver supports only offload of chain 0'
}

import { PROG_TYPE } from './program-types.ts'

/** A program type's share of __sk_buff. */
export interface SkBuffRule {
  readonly hidden: string
  readonly writable: string
  /** Fields that yield a packet or flow key pointer; elsewhere they would be scalars. */
  readonly pointers: string
  /** Load sizes that replace the row's: `field=size`. */
  readonly loads?: string
  /** All other fields are hidden. */
  readonly only?: string
}

const ADDRESSES = 'family remote_ip4 local_ip4 remote_ip6 local_ip6 remote_port local_port'

const SOCKET_FILTER: SkBuffRule = {
  hidden: `tc_classid data data_meta data_end ${ADDRESSES} tstamp wire_len hwtstamp`,
  writable: 'cb',
  pointers: '',
}
const TC: SkBuffRule = {
  hidden: ADDRESSES,
  writable: 'mark tc_index priority tc_classid cb tstamp queue_mapping',
  pointers: 'data data_meta data_end',
  loads: 'tstamp_type=1',
}
const CGROUP_SKB: SkBuffRule = {
  hidden: 'tc_classid data_meta wire_len',
  writable: 'mark priority cb tstamp',
  pointers: 'data data_end',
}
const LWT: SkBuffRule = {
  hidden: `tc_classid ${ADDRESSES} data_meta tstamp wire_len hwtstamp`,
  writable: 'mark priority cb',
  pointers: 'data data_end',
}
const SK_SKB: SkBuffRule = {
  hidden: 'tc_classid data_meta tstamp wire_len hwtstamp mark',
  writable: 'tc_index priority',
  pointers: 'data data_end',
}
const FLOW_DISSECTOR: SkBuffRule = {
  only: 'data data_end flow_keys',
  hidden: '',
  writable: '',
  pointers: 'data data_end flow_keys',
  loads: 'flow_keys=8',
}

/** @see sk_filter_is_valid_access and its siblings in net/core/filter.c */
export const SK_BUFF_RULES: ReadonlyMap<number, SkBuffRule> = new Map([
  [PROG_TYPE.SOCKET_FILTER, SOCKET_FILTER],
  [PROG_TYPE.SCHED_CLS, TC],
  [PROG_TYPE.SCHED_ACT, TC],
  [PROG_TYPE.CGROUP_SKB, CGROUP_SKB],
  [PROG_TYPE.LWT_IN, LWT],
  [PROG_TYPE.LWT_OUT, LWT],
  [PROG_TYPE.LWT_XMIT, LWT],
  [PROG_TYPE.LWT_SEG6LOCAL, LWT],
  [PROG_TYPE.SK_SKB, SK_SKB],
  [PROG_TYPE.FLOW_DISSECTOR, FLOW_DISSECTOR],
])

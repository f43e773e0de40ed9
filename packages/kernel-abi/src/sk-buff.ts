/**
 * Offsets in `struct __sk_buff` as it lies in guest memory, which is as programs see it: pointers are u32 guest addresses.
 * Behind it, where no program looks, stands what helpers need of the socket buffer besides.
 *
 * @see include/uapi/linux/bpf.h
 */
// biome-ignore format: table
export const SK_BUFF = {
  sizeBytes:      192,
  len:            0,
  pktType:        4,
  mark:           8,
  queueMapping:   12,
  protocol:       16,
  vlanPresent:    20,
  vlanTci:        24,
  vlanProto:      28,
  priority:       32,
  ingressIfindex: 36,
  ifindex:        40,
  tcIndex:        44,
  cb:             48,
  hash:           68,
  tcClassid:      72,
  data:           76,
  dataEnd:        80,
  family:         88,
  remoteIp4:      92,
  localIp4:       96,
  remoteIp6:      100,
  localIp6:       116,
  dataMeta:       140,
  tstamp:         152,
  wireLen:        160,
  gsoSegs:        164,
  gsoSize:        176,
  hwtstamp:       184,
  /** u32: address of the linear data, whatever programs see of it. */
  start:          192,
  /** u32: addresses of the link layer's and of the network's header. */
  macHeader:      196,
  networkHeader:  200,
  /** u32: enum of CHECKSUM_NONE, _UNNECESSARY ...; and how many checksums are known to be right. */
  ipSummed:       204,
  csumLevel:      208,
  /** u32: where the room begins and ends that the packet may grow into. */
  roomStart:      212,
  roomEnd:        216,
  guestBytes:     224,
} as const

/**
 * Numbers of the helpers that LD_ABS and LD_IND call after the fix-ups, by bytes of the load. Ours, and above all of the
 * kernel's: there they are functions without a number.
 *
 * @see bpf_gen_ld_abs in net/core/filter.c (6.12)
 */
export const PACKET_LOAD_HELPERS: { readonly 1: number; readonly 2: number; readonly 4: number } = {
  1: 1001,
  2: 1002,
  4: 1004,
}

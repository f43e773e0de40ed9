import { ERRNO, MAX_SKB_FRAGS } from '@bpfoundry/kernel-abi'
import type { AttachProgram, AttachRefusal } from './attach-driver.ts'
import type { NicProfile } from './nic-profile.ts'

/** The other end of a veth pair. */
export interface VethPeer {
  readonly mtu: number
  readonly txQueues: number
}

/** What drivers look at beside program and MTU when native XDP is switched on. */
export interface InterfaceFacts {
  readonly rxQueues: number
  readonly cpus: number
  /** virtio_net: queue pairs that the host gives. */
  readonly queuePairs?: number
  /** veth: the other end, null where it is gone; like this end when absent. */
  readonly peer?: VethPeer | null
  /** virtio_net: the host does GRO_HW or checksums, and can't be told not to. */
  readonly guestOffloads?: boolean
  /** virtio_net: mergeable buffers, and the header must lie apart. */
  readonly separateHeader?: boolean
}

interface Question {
  readonly profile: NicProfile
  readonly program: AttachProgram
  readonly mtu: number
  readonly facts: InterfaceFacts
}

interface NativeRule extends AttachRefusal {
  readonly driver: string
  readonly refuses: (question: Question) => boolean
}

const ENOTCONN = 107
const PAGE_BYTES = 4096
/** Transmit rings of an nfp at most. */
const NFP_TX_RINGS = 64
/** IXGBE_MAX_XDP_QS */
const IXGBE_XDP_RINGS = 64

/** What a driver asks before it looks at the MTU. @see virtnet_xdp_set, veth_xdp_set (6.12) */
// biome-ignore format: table
const BEFORE_MTU: readonly NativeRule[] = [
  { driver: 'virtio_net', errno: ERRNO.EOPNOTSUPP, extack: "virtio_net: Can't set XDP while host is implementing GRO_HW/CSUM, disable GRO_HW/CSUM first", refuses: ({ facts }) => facts.guestOffloads === true },
  { driver: 'virtio_net', errno: ERRNO.EINVAL,     extack: 'virtio_net: XDP expects header/data in single page, any_header_sg required',                   refuses: ({ facts }) => facts.separateHeader === true },
  { driver: 'veth',       errno: ENOTCONN,         extack: 'veth: Cannot set XDP when peer is detached',                                                     refuses: ({ facts }) => facts.peer === null },
]

/** What it asks afterwards. @see nfp_net_check_config, ixgbe_xdp_setup (6.12) */
// biome-ignore format: table
const AFTER_MTU: readonly NativeRule[] = [
  { driver: 'veth',  errno: ERRNO.ENOSPC, extack: 'veth: XDP expects number of rx queues not less than peer tx queues', refuses: ({ facts }) => facts.rxQueues < (facts.peer?.txQueues ?? 0) },
  { driver: 'nfp',   errno: ERRNO.EINVAL, extack: 'nfp: Insufficient number of TX rings w/ XDP enabled',                refuses: ({ facts }) => facts.rxQueues + Math.min(facts.cpus, NFP_TX_RINGS) > NFP_TX_RINGS },
  { driver: 'ixgbe', errno: ERRNO.ENOMEM,                                                                              refuses: ({ facts }) => facts.cpus > 2 * IXGBE_XDP_RINGS },
]

/** Why a driver does not take a native program on an interface, if it does not: in the order in which it asks. */
export function nativeRefusal(
  profile: NicProfile,
  program: AttachProgram,
  mtu: number,
  facts: InterfaceFacts | undefined,
): AttachRefusal | undefined {
  const known = facts ?? { rxQueues: 1, cpus: 1 }
  const question = { profile, program, mtu, facts: known }
  return (
    broken(BEFORE_MTU, question) ?? mtuRefusal(profile, program, known.peer?.mtu ?? mtu) ?? broken(AFTER_MTU, question)
  )
}

/** Largest MTU that a driver lets this program have. */
export function nativeMaxMtu({ driver, native }: NicProfile, program: AttachProgram): number {
  if (native === undefined) return 0
  if (program.hasFrags !== true || native.frags?.receive !== true) return native.mtu.maxMtu
  return driver === 'veth' ? native.mtu.maxMtu + PAGE_BYTES * MAX_SKB_FRAGS : Number.POSITIVE_INFINITY
}

function mtuRefusal(profile: NicProfile, program: AttachProgram, mtu: number): AttachRefusal | undefined {
  const limit = profile.native?.mtu
  if (limit === undefined || mtu <= nativeMaxMtu(profile, program)) return undefined
  const { errno, extack, kernelLog } = limit
  return {
    errno,
    ...(extack === undefined ? {} : { extack }),
    ...(kernelLog === undefined ? {} : { kernelLog: kernelLog.replace('%mtu', String(mtu)) }),
  }
}

function broken(rules: readonly NativeRule[], question: Question): AttachRefusal | undefined {
  const rule = rules.find(({ driver, refuses }) => driver === question.profile.driver && refuses(question))
  if (rule === undefined) return undefined
  return { errno: rule.errno, ...(rule.extack === undefined ? {} : { extack: rule.extack }) }
}

/** What the kernel log says when a driver switches XDP on with fewer queues than it wants. @see virtnet_xdp_set (6.12) */
export function nativeWarning({ driver, maxQueues }: NicProfile, facts: InterfaceFacts): string | undefined {
  const pairs = facts.queuePairs ?? maxQueues
  const wanted = facts.rxQueues + facts.cpus
  if (driver !== 'virtio_net' || wanted <= pairs) return undefined
  return `XDP request ${wanted} queues but max is ${pairs}. XDP_TX and XDP_REDIRECT will operate in a slower locked tx mode.`
}

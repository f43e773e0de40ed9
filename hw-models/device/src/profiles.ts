import { ERRNO } from '@bpfoundry/kernel-abi'
import { DeviceError } from './device-error.ts'
import { I40E_ROWS, IXGBE_ROWS, MLX5_ROWS, NFP_ROWS, VETH_ROWS, VIRTIO_NET_ROWS } from './ethtool-rows.ts'
import type { NativeXdp, NicProfile } from './nic-profile.ts'

const ALL_ACTIONS = { tx: true, redirect: true } as const

/** Buffers of i40e and ixgbe while XDP may come: half of two pages. @see I40E_RXBUFFER_3072, IXGBE_RXBUFFER_3K */
const INTEL_BUFFERS = { headBytes: 3072, fragBytes: 3072 } as const
/** A page, of which the first has head room and shared info, too. */
const PAGE_BUFFERS = { headBytes: 3520, fragBytes: 4096 } as const

/** fl_bufsz = 64 + 256 + 14 + 8 + MTU, rounded up to 64, plus 320, in one page. @see nfp_net_calc_fl_bufsz */
const NFP_MAX_MTU = 3434

/** nfd3 has XDP_TX but redirects AF_XDP sockets only. @see drivers/net/ethernet/netronome/nfp/nfd3/dp.c */
const NFP_NATIVE: NativeXdp = {
  actions: { tx: true, redirect: false },
  xmit: false,
  xmitNeedsProgram: false,
  txQueues: 'receive-queue',
  mtu: {
    maxMtu: NFP_MAX_MTU,
    errno: ERRNO.EINVAL,
    extack: 'nfp: MTU too large w/ XDP enabled',
    change: { errno: ERRNO.EINVAL },
  },
}

/** Descriptors, rings and head room of the nfp driver. @see drivers/net/ethernet/netronome/nfp/nfp_net.h */
const NFP = {
  driver: 'nfp',
  maxQueues: 64,
  rxRingSize: 4096,
  headroomBytes: 256,
  skbHeadroomBytes: 64,
  frameBytes: 4096,
  maxMtu: 9216,
  native: NFP_NATIVE,
  ethtool: NFP_ROWS,
} as const

const AGILIO_SOURCE = 'nic-firmware include/platform.h; drivers/net/ethernet/netronome/nfp'

const PROFILES: readonly NicProfile[] = [
  {
    name: 'dummy',
    driver: 'dummy',
    description: 'any interface without XDP of its own: generic XDP only',
    maxQueues: 128,
    rxRingSize: 512,
    headroomBytes: 256,
    skbHeadroomBytes: 64,
    frameBytes: 4096,
    buffers: PAGE_BUFFERS,
    maxMtu: 65_535,
    ethtool: [],
    source: 'drivers/net/dummy.c; NET_SKB_PAD in include/linux/skbuff.h',
  },
  {
    name: 'ixgbe',
    driver: 'ixgbe',
    description: 'Intel 82599 and X540, 10 Gb/s',
    maxQueues: 64,
    rxRingSize: 512,
    headroomBytes: 256,
    skbHeadroomBytes: 192,
    frameBytes: 4096,
    buffers: INTEL_BUFFERS,
    maxMtu: 9710,
    linkGbps: 10,
    native: {
      actions: ALL_ACTIONS,
      xmit: true,
      xmitNeedsProgram: true,
      frags: { receive: false, xmit: true, growBytes: 0 },
      txQueues: 'cpu',
      // A frame of MTU + 14 + 4 + 4 bytes in a buffer of 3072.
      mtu: {
        maxMtu: 3050,
        errno: ERRNO.EINVAL,
        change: { errno: ERRNO.EINVAL, kernelLog: 'Requested MTU size is not supported with XDP' },
      },
    },
    ethtool: IXGBE_ROWS,
    source: 'drivers/net/ethernet/intel/ixgbe: ixgbe_xdp_setup, ixgbe_change_mtu, ixgbe_skb_pad',
  },
  {
    name: 'i40e',
    driver: 'i40e',
    description: 'Intel X710 and XL710, 40 Gb/s',
    maxQueues: 64,
    rxRingSize: 512,
    headroomBytes: 256,
    skbHeadroomBytes: 192,
    frameBytes: 4096,
    buffers: INTEL_BUFFERS,
    maxMtu: 9702,
    linkGbps: 40,
    native: {
      actions: ALL_ACTIONS,
      xmit: true,
      xmitNeedsProgram: true,
      frags: { receive: true, xmit: true, growBytes: 3072 },
      txQueues: 'receive-queue',
      // A frame of MTU + 14 + 4 + 2 * 4 bytes in a buffer of 3072.
      mtu: {
        maxMtu: 3046,
        errno: ERRNO.EINVAL,
        extack: 'i40e: MTU too large for linear frames and XDP prog does not support frags',
        change: { errno: ERRNO.EINVAL },
      },
    },
    ethtool: I40E_ROWS,
    source: 'drivers/net/ethernet/intel/i40e: i40e_xdp_setup, i40e_change_mtu',
  },
  {
    name: 'mlx5',
    driver: 'mlx5_core',
    description: 'NVIDIA ConnectX-5, 100 Gb/s',
    maxQueues: 128,
    rxRingSize: 1024,
    headroomBytes: 256,
    skbHeadroomBytes: 64,
    frameBytes: 4096,
    buffers: PAGE_BUFFERS,
    maxMtu: 9978,
    linkGbps: 100,
    native: {
      actions: ALL_ACTIONS,
      xmit: true,
      xmitNeedsProgram: true,
      frags: { receive: true, xmit: true, growBytes: 4096 },
      pagePools: 'always',
      txQueues: 'receive-queue',
      // SKB_MAX_HEAD(256) is 3520; 14 + 4 + 4 bytes of it are headers and check sequence.
      mtu: {
        maxMtu: 3498,
        errno: ERRNO.EINVAL,
        kernelLog: 'MTU(%mtu) > 3498, too big for an XDP program not aware of multi buffer',
        change: { errno: ERRNO.EINVAL },
      },
    },
    ethtool: MLX5_ROWS,
    source: 'drivers/net/ethernet/mellanox/mlx5/core: mlx5e_params_validate_xdp, mlx5e_xdp_max_mtu',
  },
  {
    name: 'virtio_net',
    driver: 'virtio_net',
    description: "a virtual machine's card",
    maxQueues: 256,
    rxRingSize: 256,
    headroomBytes: 256,
    skbHeadroomBytes: 64,
    frameBytes: 4096,
    buffers: PAGE_BUFFERS,
    maxMtu: 65_535,
    native: {
      actions: ALL_ACTIONS,
      xmit: true,
      xmitNeedsProgram: true,
      frags: { receive: true, xmit: true, growBytes: 0 },
      txQueues: 'cpu-or-shared',
      tracing: { txFailed: false, redirectFailed: false, txBulkFrames: 0 },
      // PAGE_SIZE - SKB_DATA_ALIGN(256 + 320) - 14.
      mtu: {
        maxMtu: 3506,
        errno: ERRNO.EINVAL,
        extack: 'virtio_net: MTU too large to enable XDP without frags',
        kernelLog: 'single-buffer XDP requires MTU less than 3506',
        change: { errno: ERRNO.EINVAL },
      },
    },
    ethtool: VIRTIO_NET_ROWS,
    source: 'drivers/net/virtio_net.c: virtnet_xdp_set',
  },
  {
    name: 'veth',
    driver: 'veth',
    description: 'one end of a virtual Ethernet pair',
    maxQueues: 1024,
    rxRingSize: 256,
    headroomBytes: 256,
    skbHeadroomBytes: 256,
    frameBytes: 4096,
    buffers: PAGE_BUFFERS,
    maxMtu: 65_535,
    native: {
      actions: ALL_ACTIONS,
      xmit: true,
      xmitNeedsProgram: true,
      frags: { receive: true, xmit: true, growBytes: 0 },
      pagePools: 'with-xdp',
      txQueues: 'shared',
      tracing: { txFailed: false, redirectFailed: false, txBulkFrames: 16 },
      // SKB_WITH_OVERHEAD(PAGE_SIZE - 256) - 14.
      mtu: {
        maxMtu: 3506,
        errno: ERRNO.ERANGE,
        extack: 'veth: Peer MTU is too large to set XDP',
        change: { errno: ERRNO.EINVAL },
      },
    },
    ethtool: VETH_ROWS,
    source: 'drivers/net/veth.c: veth_xdp_set, veth_xdp_xmit',
  },
  {
    ...NFP,
    name: 'nfp',
    description: 'Netronome Agilio with the plain NIC firmware: no offload',
    linkGbps: 40,
    source: AGILIO_SOURCE,
  },
  {
    ...NFP,
    name: 'agilio-cx-2x10',
    description: 'Netronome Agilio CX 2x10, BPF firmware',
    linkGbps: 10,
    offload: 'agilio-cx-2x10',
    source: AGILIO_SOURCE,
  },
  {
    ...NFP,
    name: 'agilio-cx-2x25',
    description: 'Netronome Agilio CX 2x25, BPF firmware',
    linkGbps: 25,
    offload: 'agilio-cx-2x25',
    source: AGILIO_SOURCE,
  },
  {
    ...NFP,
    name: 'agilio-cx-2x40',
    description: 'Netronome Agilio CX 2x40, BPF firmware',
    linkGbps: 40,
    offload: 'agilio-cx-2x40',
    source: AGILIO_SOURCE,
  },
  {
    ...NFP,
    name: 'agilio-lx',
    description: 'Netronome Agilio LX 1x100, BPF firmware',
    linkGbps: 100,
    offload: 'agilio-lx',
    source: AGILIO_SOURCE,
  },
]

/** Every profile by name. */
export const NIC_PROFILES: ReadonlyMap<string, NicProfile> = new Map(PROFILES.map((row) => [row.name, row]))

/** @throws DeviceError DEVICE_PROFILE_UNKNOWN */
export function nicProfile(name: string): NicProfile {
  const profile = NIC_PROFILES.get(name)
  if (profile !== undefined) return profile
  throw new DeviceError({
    code: 'DEVICE_PROFILE_UNKNOWN',
    message: 'no such card',
    got: name,
    expected: [...NIC_PROFILES.keys()].join(', '),
  })
}

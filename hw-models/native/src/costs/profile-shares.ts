import type { CostComponent } from '@bpfoundry/device'
import { NATIVE_PARAMETERS, type NativeParameterName } from './native-parameters.ts'

/** Functions of a driver with their part of the samples that `perf report` gave them. */
export type ProfileShares = readonly (readonly [component: string, share: number])[]

/** mlx5 on Linux 4.17 while it dropped what it read: per cent of the samples. */
// biome-ignore format: table
export const MLX5_RECEIVE: ProfileShares = [
  ['completion queue (mlx5e_poll_rx_cq)',                     14.12],
  ['descriptor (mlx5e_handle_rx_cqe)',                        11.77],
  ['buffer and prefetch (mlx5e_skb_from_cqe_linear)',         14.11],
  ['DMA sync (swiotlb_sync_single, for cpu and for device)',   4.16],
  ['XDP entry (mlx5e_xdp_handle)',                             8.48],
  ['page recycling (mlx5e_page_release)',                      7.54],
  ['ring refill (mlx5e_post_rx_wqes)',                        15.27],
  ['NAPI (net_rx_action, mlx5e_napi_poll)',                    1.73],
]

/** mlx5 on Linux 4.18-rc while it forwarded: per cent of the samples. */
// biome-ignore format: table
export const MLX5_REDIRECT: ProfileShares = [
  ['redirect (xdp_do_redirect)',                                    2.46],
  ['devmap enqueue (dev_map_enqueue)',                              2.38],
  ['bulk transmit (mlx5e_xdp_xmit, mlx5e_xmit_xdp_frame)',          5.73],
  ['DMA mapping (swiotlb_map_page)',                                2.56],
  ['completions (mlx5e_poll_xdpsq_cq)',                             2.36],
  ['page return (__xdp_return, page_pool)',                         7.85],
]

const PROFILE = 'shares: perf report in tohojo/xdp-paper, benchmarks/bench02_xdp_drop.org and bench04_fwd.org'

/** Divides a parameter in cycles among the functions of a profile. */
export function divided(name: NativeParameterName, shares: ProfileShares): CostComponent[] {
  const total = shares.reduce((sum, [, share]) => sum + share, 0)
  const { value } = NATIVE_PARAMETERS[name]
  return shares.map(([component, share]) => ({
    component,
    cycles: (value * share) / total,
    source: `${name} = ${value} cycles; ${PROFILE}`,
  }))
}

/** A parameter as one component. */
export function whole(component: string, name: NativeParameterName): CostComponent {
  const { value, unit } = NATIVE_PARAMETERS[name]
  const amount = unit === 'ns' ? { nanoseconds: value } : { cycles: value }
  return { component, ...amount, source: `${name} = ${value} ${unit}` }
}

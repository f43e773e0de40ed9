/** Knobs of a device in debugfs; all may be written. @see nsim_bpf_dev_init */
export interface DeviceKnobs {
  /** Whether programs may be bound at all. */
  bpf_bind_accept: boolean
  /** How long the first instruction's hook sleeps, in ms. */
  bpf_bind_verifier_delay: number
  /** Whether the last instruction's hook accepts. */
  bpf_bind_verifier_accept: boolean
}

/** Knobs of a port in debugfs. @see nsim_bpf_init */
export interface PortKnobs {
  bpf_tc_accept: boolean
  /** Whether classifiers that are not bound to the device are taken. */
  bpf_tc_non_bound_accept: boolean
  bpf_xdpdrv_accept: boolean
  bpf_xdpoffload_accept: boolean
  bpf_map_accept: boolean
}

export function newDeviceKnobs(): DeviceKnobs {
  return { bpf_bind_accept: true, bpf_bind_verifier_delay: 0, bpf_bind_verifier_accept: true }
}

export function newPortKnobs(): PortKnobs {
  return {
    bpf_tc_accept: true,
    bpf_tc_non_bound_accept: false,
    bpf_xdpdrv_accept: true,
    bpf_xdpoffload_accept: true,
    bpf_map_accept: true,
  }
}

import type { CostProfile } from '@bpfoundry/device'

/** Nanoseconds of a packet at `megapackets` million packets a second on one core. */
function at(megapackets: number): number {
  return 1000 / megapackets
}

/** BPF instructions a cycle of five XDP programs on a Xeon, 2.16 to 2.38. @see hXDP, OSDI 2020, table 3 */
const INSNS_PER_CYCLE = 2.2

/** A packet that the stack then drops as early as it can (iptables raw): 4.8 Mpps, plus 13.3 ns for an XDP program that passes it. */
const PASS_TO_STACK_NS: number = at(4.8) + 13.3

const CONEXT =
  'Høiland-Jørgensen et al., The eXpress Data Path, CoNEXT 2018: E5-1650 v4 3.6 GHz, ConnectX-5 100G, 64 B (nfp.md 4.4)'
const HXDP =
  'Brunella et al., hXDP, OSDI 2020: E5-1630 v3 3.7 GHz, XL710, Linux 5.6.4, read off figures ±10 % (nfp.md 4.2)'
const VETH_SERIES = 'LKML cover.1611685778: redirect_map bulking on E5-1650 v4; ixgbe to veth XDP_PASS (nfp.md 4.5)'
const SOSCON = 'SOSCON 2019, drop by UDP destination, 10 GbE 64 B, pps a core (nfp.md 4.1)'

/**
 * Measured cost of a packet in native mode, by card profile. What nobody published is undefined, not guessed.
 * The name in parentheses is the section of the project's collection of measurements.
 */
// biome-ignore format: table
export const NATIVE_COSTS: Readonly<Record<string, CostProfile>> = {
  mlx5:       { name: 'mlx5 ConnectX-5 100G', processor: 'E5-1650 v4 3.6 GHz', gigahertz: 3.6, insnsPerCycle: INSNS_PER_CYCLE, programInsns: 2,  nanoseconds: { drop: at(24),       pass: PASS_TO_STACK_NS, tx: at(17),    redirect: at(8.65) }, cardPacketsPerSecond: 115e6, sources: [CONEXT],              notes: ['pass: the stack drops the packet in iptables raw; a delivered packet takes longer'] },
  i40e:       { name: 'i40e XL710 40G',       processor: 'E5-1630 v3 3.7 GHz', gigahertz: 3.7, insnsPerCycle: INSNS_PER_CYCLE, programInsns: 2,  nanoseconds: { drop: at(39),       pass: PASS_TO_STACK_NS, tx: at(13),    redirect: at(6.72) }, cardPacketsPerSecond: 36e6,  sources: [HXDP, VETH_SERIES, CONEXT], notes: ['redirect was measured on E5-1650 v4 3.6 GHz', 'pass: taken from the ConnectX-5 row, the stack being the same'] },
  ixgbe:      { name: 'ixgbe 82599 10G',      processor: 'E5-1650 v4 3.6 GHz', gigahertz: 3.6, insnsPerCycle: INSNS_PER_CYCLE, programInsns: 25, nanoseconds: { drop: at(9.941337), pass: PASS_TO_STACK_NS, tx: undefined, redirect: at(6.85) },                              sources: [SOSCON, VETH_SERIES, CONEXT], notes: ['drop was measured on another host', 'pass: taken from the ConnectX-5 row, the stack being the same'] },
  veth:       { name: 'veth',                 processor: 'E5-1650 v4 3.6 GHz', gigahertz: 3.6, insnsPerCycle: INSNS_PER_CYCLE, programInsns: 2,  nanoseconds: { drop: undefined,    pass: at(3.75),         tx: undefined, redirect: undefined },                             sources: [VETH_SERIES],         notes: ['pass includes the redirect from ixgbe that fed it'] },
  virtio_net: { name: 'virtio_net',           processor: 'not measured',       gigahertz: 3.6, insnsPerCycle: INSNS_PER_CYCLE, programInsns: 2,  nanoseconds: { drop: undefined,    pass: undefined,        tx: undefined, redirect: undefined },                             sources: [],                    notes: ['no native virtio_net measurement found'] },
}

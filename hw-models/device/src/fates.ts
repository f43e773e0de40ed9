import { DeviceError } from './device-error.ts'

/**
 * What can become of a packet, in the order in which they are counted in guest memory. Every packet that the wire hands
 * to a card has exactly one.
 */
export const FATES = [
  /** Went up the stack, be it on the CPU that a cpumap named. */
  'pass',
  /** XDP_DROP. */
  'drop',
  /** XDP_TX, and the ring had room. */
  'tx',
  /** XDP_REDIRECT, and the target's ring had room. */
  'redirect',
  /** XDP_ABORTED, or the program faulted. */
  'aborted',
  /** A verdict that the driver doesn't know: dropped, with a warning once. */
  'invalid_action',
  /** XDP_TX, but the transmit ring was full. */
  'tx_full',
  /** XDP_REDIRECT without a target, to a target that is down or doesn't take it, too long for it, or its ring was full. */
  'redirect_error',
  /** XDP_REDIRECT to an AF_XDP socket, which got it. */
  'xsk',
  /** XDP_REDIRECT to an AF_XDP socket whose rx ring was full or whose fill ring was empty. */
  'xsk_full',
  /** XDP_REDIRECT to a device, and the program of the devmap's entry did not let it pass. */
  'egress_drop',
  /** XDP_REDIRECT to another CPU whose queue was full. */
  'cpumap_full',
  /** XDP_REDIRECT to another CPU, and the program of the cpumap's entry did not let it pass. */
  'cpumap_drop',
  /** XDP_REDIRECT with BPF_F_BROADCAST, and there was no device to take it. */
  'no_target',
  /** No free receive descriptor: the card missed it (rx_missed_errors). */
  'ring_full',
  /** Longer than MTU + 14 + 4 bytes (rx_length_errors). */
  'too_long',
  /** Shorter than an Ethernet header (rx_length_errors). */
  'too_short',
  /** The interface was down. */
  'link_down',
] as const

/** Name of a fate. */
export type Fate = (typeof FATES)[number]

/** Place of each fate in {@link FATES} and in a block of fate counters. */
export const FATE: Readonly<Record<Fate, number>> = Object.fromEntries(
  FATES.map((fate, index) => [fate, index]),
) as Record<Fate, number>

/** How many packets came in and what became of them; `in` counts what the wire delivered. */
export type Fates = { in: number } & Record<Fate, number>

/** All zero. */
export function noFates(): Fates {
  return { in: 0, ...(Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>) }
}

/** Sum of several records, as a new one. */
export function sumFates(records: Iterable<Readonly<Fates>>): Fates {
  const sum = noFates()
  for (const record of records) {
    sum.in += record.in
    for (const fate of FATES) sum[fate] += record[fate]
  }
  return sum
}

/** Packets that have a fate. */
export function accountedPackets(fates: Readonly<Fates>): number {
  return FATES.reduce((sum, fate) => sum + fates[fate], 0)
}

/**
 * Proves that every packet has one fate; only true once all rings are polled empty.
 *
 * @throws DeviceError DEVICE_UNACCOUNTED
 */
export function assertAccounted(fates: Readonly<Fates>): void {
  const accounted = accountedPackets(fates)
  if (accounted === fates.in) return
  throw new DeviceError({
    code: 'DEVICE_UNACCOUNTED',
    message: 'packets in and fates differ',
    got: `${accounted} fates`,
    expected: `${fates.in} packets`,
    hint: 'poll every queue until it is empty before you account',
  })
}

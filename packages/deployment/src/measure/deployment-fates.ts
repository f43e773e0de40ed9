import { FATES, type Fates } from '@bpfoundry/device'

/** What becomes of a packet of a deployment after it has left its card, or on the way to the next one. */
const WAY_FATES = [
  /** Passed by the card's own cores, but the host had no descriptor for it. */
  'host_ring_full',
  /** In a ring of a card that was pulled out. */
  'card_removed',
  /** Sent into a cable that was broken, or on it when it broke. */
  'link_lost',
  /** More waited at the sender than its buffer holds. */
  'link_overflow',
  /** Sent out of a port without a cable. */
  'unconnected',
  /** Went through more cards than the deployment allows. */
  'hop_limit',
  /** Taken by a station. */
  'received',
  /** On its way when the run was stopped. */
  'in_flight',
] as const

/** Every fate that a packet of a deployment can have; tx and redirect are not the end of one. */
export const DEPLOYMENT_FATES: readonly [...typeof FATES, ...typeof WAY_FATES] = [...FATES, ...WAY_FATES]

/** One of {@link DEPLOYMENT_FATES}. */
export type DeploymentFate = (typeof DEPLOYMENT_FATES)[number]

/** Packets by fate; what did not occur is absent. */
export type FateCounts = Partial<Record<DeploymentFate, number>>

/** Fates of a card that say where a packet went on, and not where it ended. */
const ONWARDS: ReadonlySet<string> = new Set(['tx', 'redirect'])

/** The fates that end a packet's way, in their order. */
export const FINAL_FATES: readonly DeploymentFate[] = DEPLOYMENT_FATES.filter((fate) => !ONWARDS.has(fate))

/** A card's fates as counts. */
export function cardFates(fates: Readonly<Fates>): FateCounts {
  return Object.fromEntries(FATES.filter((fate) => fates[fate] > 0).map((fate) => [fate, fates[fate]]))
}

/** Adds to a count. @param packets nothing when undefined */
export function addFate(counts: FateCounts, fate: DeploymentFate, packets: number | undefined): void {
  if (packets !== undefined && packets !== 0) counts[fate] = (counts[fate] ?? 0) + packets
}

/** Packets whose way has ended. */
export function finalPackets(counts: FateCounts): number {
  return FINAL_FATES.reduce((sum, fate) => sum + (counts[fate] ?? 0), 0)
}

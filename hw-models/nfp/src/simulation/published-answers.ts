import { nfpCard } from '../cards.ts'
import { simulateCard } from './card-simulation.ts'
import type { PacketPath } from './packet-path.ts'
import type { PublishedCardRow } from './published-figures.ts'

const PACKETS = 20_000

/** The model's answer to a published row, in its unit. */
export function answerRow(row: PublishedCardRow, paths: readonly PacketPath[]): number {
  const { card, ports, cores, firmware, frameBytes, load } = row.setup
  const figures = simulateCard({
    card: { ...nfpCard(card), ports },
    cores,
    firmware,
    paths,
    frameBytes,
    load,
    warmUpPackets: PACKETS / 4,
    packets: PACKETS,
  })
  // Measured were packets that the program counted, or that it dropped.
  return figures.programsPerSecond / 1e6
}

import { type ComparedRow, compareRow } from '@bpfoundry/device'
import { nfpCard } from '../cards.ts'
import { simulateCard } from './card-simulation.ts'
import type { PacketPath } from './packet-path.ts'
import { PUBLISHED_CARD_ROWS, type PublishedCardRow, type PublishedSetup } from './published-figures.ts'

/** Way of the packet of a set-up through its program; a text says why there is none. */
export type SetupPath = (setup: PublishedSetup) => PacketPath | string

const PACKETS = 20_000

/** The model's answer to a published row, in its unit. */
export function answerRow(row: PublishedCardRow, path: PacketPath): number {
  const { card, ports, cores, firmware, frameBytes, load } = row.setup
  const figures = simulateCard({
    card: { ...nfpCard(card), ports },
    cores,
    firmware,
    paths: [path],
    frameBytes,
    load,
    warmUpPackets: PACKETS / 4,
    packets: PACKETS,
  })
  // Measured were packets that the program counted, or that it dropped.
  return figures.programsPerSecond / 1e6
}

/** Every published row beside the model's answer. */
export function comparePublished(
  pathOf: SetupPath,
  rows: readonly PublishedCardRow[] = PUBLISHED_CARD_ROWS,
): (ComparedRow & PublishedCardRow)[] {
  return rows.map((row) => {
    const path = pathOf(row.setup)
    return { ...row, ...compareRow(row, typeof path === 'string' ? path : answerRow(row, path)) }
  })
}

import { type ComparedRow, compareRow } from '@bpfoundry/device'
import { nfpCard } from '../cards.ts'
import { simulateCard } from './card-simulation.ts'
import type { PacketPath } from './packet-path.ts'
import { PUBLISHED_CARD_ROWS, type PublishedCardRow, type PublishedSetup } from './published-figures.ts'

/** Ways of the packets of a set-up through its program; a text says why there is none. */
export type SetupPaths = (setup: PublishedSetup) => readonly PacketPath[] | string

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

/** Every published row beside the model's answer. */
export function comparePublished(
  pathsOf: SetupPaths,
  rows: readonly PublishedCardRow[] = PUBLISHED_CARD_ROWS,
): (ComparedRow & PublishedCardRow)[] {
  return rows.map((row) => {
    const paths = pathsOf(row.setup)
    return { ...row, ...compareRow(row, typeof paths === 'string' ? paths : answerRow(row, paths)) }
  })
}

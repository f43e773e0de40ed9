import {
  cardProgram,
  type ExecutedProgram,
  type FirmwareBuild,
  type NfpCard,
  nfpCard,
  type PacketPath,
  type ProgramRecording,
  type PublishedCardRow,
  recordProgram,
} from '@bpfoundry/nfp'
import { PacketGenerator } from '@bpfoundry/packet'
import { fixturePath } from '../../fixture-path.ts'
import { fillKnownMaps, loadForCard } from './card-loader.ts'

/** Ways of sampled packets of one size through a program. */
export interface CardPaths {
  readonly frameBytes: number
  readonly program: string
  readonly words: number
  readonly paths: readonly PacketPath[]
}

/** A program on a card, and the packets it gets. */
export interface PathQuestion {
  readonly card: NfpCard
  readonly firmware: FirmwareBuild
  readonly object: string
  readonly name?: string | undefined
  /** Traffic as for `run --pktgen`, without size and count. */
  readonly pktgen: string
  readonly frameBytes: number
}

/** Different packets that are run through the program; the card then gets them in turn. */
const SAMPLES = 64
/** Published rows were measured with one packet again and again, or with flows for every destination. */
const PUBLISHED_TRAFFIC = 'dport=7777,flows=64'

/** Runs sampled packets through a program's words. @throws what loading for a card throws */
export function recordCardPaths(question: PathQuestion): CardPaths {
  const { name, recording } = load(question)
  const recorder = recordProgram(recording)
  const paths = sampledFrames(question).map((frame) => recorder.record(frame))
  return { frameBytes: question.frameBytes, program: name, words: recording.translation.words.length, paths }
}

/** The program and its packets, to be executed on every core for every packet. @throws what loading for a card throws */
export function executedProgram(question: PathQuestion): ExecutedProgram {
  return { ...cardProgram(load(question).recording), frames: sampledFrames(question) }
}

function load({ object, name, card, firmware }: PathQuestion): { name: string; recording: ProgramRecording } {
  const program = loadForCard(object, name, card)
  fillKnownMaps(program)
  const { kernel, device, translation } = program
  const maps = [...program.maps.values()].map(({ storage }) => storage)
  return { name: program.name, recording: { device, translation, firmware, memory: kernel.memory, maps } }
}

function sampledFrames({ pktgen, frameBytes }: PathQuestion): Uint8Array[] {
  const generator = new PacketGenerator(`${pktgen},size=${frameBytes},count=${SAMPLES}`)
  return Array.from({ length: SAMPLES }, () => {
    const buffer = new Uint8Array(generator.maxFrameLengthBytes)
    return buffer.subarray(0, generator.next(buffer, 0))
  })
}

/** Ways of the packets of published rows, by the row's id; a text says why there is none. */
export function setupPaths(rows: readonly PublishedCardRow[]): ReadonlyMap<string, readonly PacketPath[] | string> {
  const known = new Map<string, readonly PacketPath[] | string>()
  return new Map(
    rows.map(({ id, setup }) => {
      const key = `${setup.object} ${setup.program} ${setup.firmware} ${setup.frameBytes} ${setup.card} ${setup.cycles}`
      const paths = known.get(key) ?? recorded(setup)
      known.set(key, paths)
      return [id, paths]
    }),
  )
}

function recorded({
  cycles,
  object,
  program,
  card,
  firmware,
  frameBytes,
}: PublishedCardRow['setup']): readonly PacketPath[] {
  if (cycles !== undefined) return [{ steps: [{ cycles }], disposition: 'drop', egressBytes: frameBytes }]
  const path = fixturePath(`programs/${object}/${object}.v3.o`)
  const question = { card: nfpCard(card), firmware, object: path, name: program, pktgen: PUBLISHED_TRAFFIC, frameBytes }
  return recordCardPaths(question).paths
}

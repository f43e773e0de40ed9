import {
  answerRow,
  type CardPoint,
  type CardQuestion,
  measureCard,
  type PacketPath,
  PUBLISHED_CARD_ROWS,
} from '@bpfoundry/nfp'
import { executedProgram, type PathQuestion } from './card-paths.ts'

/** One card at one size and number of cores, or one published figure. */
export type CardTask =
  | { readonly kind: 'point'; readonly question: CardQuestion; readonly execute?: PathQuestion }
  | { readonly kind: 'row'; readonly id: string; readonly paths: readonly PacketPath[] }

/** What a worker thread answers. */
export type CardReply =
  | { readonly kind: 'point'; readonly point: CardPoint; readonly wallMs: number }
  | { readonly kind: 'row'; readonly id: string; readonly modelled: number; readonly wallMs: number }

/** A worker thread's work: a task, and how long it took here. */
export default function work(task: CardTask): CardReply {
  const start = performance.now()
  if (task.kind === 'point') {
    const program = task.execute === undefined ? {} : { program: executedProgram(task.execute) }
    const point = measureCard({ ...task.question, ...program })
    return { kind: 'point', point, wallMs: performance.now() - start }
  }
  const row = PUBLISHED_CARD_ROWS.find(({ id }) => id === task.id)
  const modelled = row === undefined ? Number.NaN : answerRow(row, task.paths)
  return { kind: 'row', id: task.id, modelled, wallMs: performance.now() - start }
}

import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { exportCase, type SuiteCase } from '@bpfoundry/conformance'
import { makeFolder } from '@bpfoundry/output-file'
import { CampaignError } from '../campaign-error.ts'
import type { CaseSource } from '../plan/case-source.ts'
import { isWanted, SourceReader } from '../plan/source-reader.ts'
import { questionOf } from '../shard/question.ts'

/** What became of the cases of an export. */
export interface ExportEnding {
  readonly written: number
  /** By the reason why a case is none for the format. */
  readonly leftOut: Readonly<Record<string, number>>
  readonly partial: boolean
}

export interface ExportOptions {
  readonly sources: readonly CaseSource[]
  readonly filter?: string
  /** `.jsonl`, or `.jsonl.gz` */
  readonly path: string
  readonly signal: AbortSignal
  readonly progress?: (written: number) => void
}

/**
 * Writes the cases of sources as JSON Lines, one a line, with their ids. What bpf(2) does not take (classic programs, those
 * that only fix-ups make) has no line in that format, and is counted. The file appears when it is complete.
 *
 * @throws CampaignError CAMPAIGN_UNWRITABLE, and what reading the sources throws
 */
export async function exportVectors(options: ExportOptions): Promise<ExportEnding> {
  const { path, signal } = options
  const counts: Counts = { written: 0, leftOut: {} }
  const temporary = `${path}.${process.pid}.part`
  try {
    makeFolder(dirname(path))
    const text = Readable.from(lines(options, counts), { objectMode: true })
    const file = createWriteStream(temporary, { flags: 'wx' })
    await (path.endsWith('.gz') ? pipeline(text, createGzip(), file) : pipeline(text, file))
    if (!signal.aborted) renameSync(temporary, path)
    return { ...counts, partial: signal.aborted }
  } catch (cause) {
    throw isSystemError(cause) ? unwritable(path, cause) : cause
  } finally {
    if (existsSync(temporary)) rmSync(temporary)
  }
}

interface Counts {
  written: number
  readonly leftOut: Record<string, number>
}

async function* lines({ sources, filter, signal, progress }: ExportOptions, counts: Counts): AsyncGenerator<string> {
  const reader = new SourceReader()
  for (const source of sources) {
    const { cases } = await reader.read(source)
    for (const one of cases) {
      if (signal.aborted) return
      if (!isWanted(one, filter)) continue
      const line = lineOf(one)
      if (typeof line === 'string') {
        progress?.(++counts.written)
        yield line
      } else counts.leftOut[line.reason] = (counts.leftOut[line.reason] ?? 0) + 1
    }
  }
}

function lineOf(one: SuiteCase): string | { readonly reason: string } {
  const question = questionOf(one)
  if (question.kind === 'not-runnable') return { reason: question.reason }
  const record = exportCase(question)
  if (record === undefined) return { reason: `${question.kind} cases that bpf(2) takes in no form` }
  return `${JSON.stringify({ ...record, id: one.id })}\n`
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'errno' in error && 'code' in error

function unwritable(path: string, cause: Error): CampaignError {
  return new CampaignError({
    code: 'CAMPAIGN_UNWRITABLE',
    message: `cannot write ${path}: ${cause.message}`,
    where: { input: path },
    hint: 'check the path',
    cause,
  })
}

import { Kernel, ProgramRejected } from '@bpfoundry/kernel'
import { KERNEL_PROFILES, programTypeName } from '@bpfoundry/kernel-abi'
import { Collection, type CollectionSpec } from '@bpfoundry/loader'
import type { KernelTypesFile } from '@bpfoundry/testbench'
import type { Rejection, Requirement } from '@bpfoundry/verifier'
import { formatTable } from '../output.ts'

/** Where a need shows in the source. */
interface SourceLine {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** One program, judged for every release that there is a profile of. */
export interface ReleaseRow {
  readonly object: string
  readonly program: string
  readonly type: string
  /** Oldest first. */
  readonly releases: readonly { readonly release: string; readonly verdict: 'accepted' | 'refused' }[]
  /** The oldest release from which on all accept it; undefined where the newest refuses. */
  readonly since?: string
  /** What keeps it from older releases, the newest first. */
  readonly requirements: readonly (Requirement & { readonly source?: SourceLine })[]
  /** Why a release refuses it for another reason than that it lacks something; the newest such release counts. */
  readonly rejection?: Rejection & { readonly release: string }
}

/** Kernels of every release that there is a profile of. */
export class ReleaseMatrix {
  readonly #kernels: readonly (readonly [release: string, Kernel])[]

  /** @param types of a kernel, whatever its release */
  constructor(types?: KernelTypesFile) {
    const kernelBtf = types === undefined ? {} : { kernelBtf: types }
    this.#kernels = [...KERNEL_PROFILES.keys()].map(
      (profile) => [profile, Kernel.create({ profile, hollowMaps: true, ...kernelBtf })] as const,
    )
  }

  /** Judges a program for every release. @throws what loading the object throws, but for refusals */
  judge(object: string, spec: CollectionSpec, program: string): ReleaseRow {
    const judged = this.#kernels.map(([release, kernel]) => ({
      release,
      rejection: rejectionBy(kernel, spec, program),
    }))
    const newestRefusing = judged.findLastIndex(({ rejection }) => rejection !== undefined)
    const since = judged[newestRefusing + 1]?.release
    const needs = judged.map(({ rejection }) => rejection?.requirements ?? [])
    const longest = needs.reduce((most, list) => (list.length > most.length ? list : most), [])
    const other = judged.findLast(({ rejection }) => rejection !== undefined && rejection.requirements === undefined)
    return {
      object,
      program,
      type: programTypeName(spec.programs.get(program)?.type ?? 0),
      releases: judged.map(({ release, rejection }) => ({
        release,
        verdict: rejection === undefined ? 'accepted' : 'refused',
      })),
      ...(since === undefined ? {} : { since }),
      requirements: longest.map((need) => ({ ...need, ...sourceOf(spec, program, need.pc) })),
      ...(other?.rejection === undefined ? {} : { rejection: { ...other.rejection, release: other.release } }),
    }
  }
}

function rejectionBy(kernel: Kernel, spec: CollectionSpec, program: string): Rejection | undefined {
  try {
    Collection.create(spec, { kernel, programs: [program] }).close()
    return undefined
  } catch (error) {
    if (!(error instanceof ProgramRejected)) throw error
    return error.rejection
  }
}

function sourceOf(spec: CollectionSpec, program: string, pc: number | undefined): { source?: SourceLine } {
  const line = pc === undefined ? undefined : spec.programs.get(program)?.lineInfo.findLast((entry) => entry.pc <= pc)
  return line === undefined ? {} : { source: { file: line.file, line: line.line, text: line.text.trim() } }
}

/** A line a program with a column a release, then what each program needs. */
export function releaseText(rows: readonly ReleaseRow[]): string {
  if (rows.length === 0) return ''
  const head = ['object', 'program', 'type', ...KERNEL_PROFILES.keys(), 'from']
  const cells = rows.map(({ object, program, type, releases, since }) => [
    ...[object, program, type],
    ...releases.map(({ verdict }) => (verdict === 'accepted' ? 'yes' : '-')),
    since ?? '-',
  ])
  return `${formatTable(head, cells)}\n${rows.map(detailsOf).join('')}`
}

function detailsOf({ object, program, requirements, rejection }: ReleaseRow): string {
  const lines = [
    ...requirements.map(({ since, what, source }) => `  ${since.padEnd(5)} ${what}${sourceText(source)}`),
    ...(rejection === undefined ? [] : [`  refused for ${rejection.release}: ${lastLine(rejection.message)}`]),
  ]
  return lines.length === 0 ? '' : `\n${object}: ${program} needs\n${lines.join('\n')}\n`
}

function sourceText(source: SourceLine | undefined): string {
  if (source === undefined) return ''
  return `  ; ${source.text} @ ${source.file.slice(source.file.lastIndexOf('/') + 1)}:${source.line}`
}

function lastLine(message: string): string {
  return message.trimEnd().split('\n').at(-1) ?? ''
}

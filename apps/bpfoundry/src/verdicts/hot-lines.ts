import type { ProgramSpec } from '@bpfoundry/loader'
import type { SlotCounts } from '@bpfoundry/verifier'
import { baseName } from '../explain/base-name.ts'
import { lineOf } from '../explain/program-lines.ts'
import { formatTable } from '../output.ts'

/** A line of the source that instructions went to, or an instruction where the object has no lines. */
export interface HotLine {
  /** First slot of the line. */
  readonly pc: number
  readonly file?: string
  readonly line?: number
  readonly text: string
  /** Instructions explored in this line. */
  explored: number
  /** States kept in front of its instructions. */
  kept: number
  /** How often a second path set out from it. */
  forked: number
}

/** Where the verifier's instructions went: the `most` lines that took most of them, the hottest first. */
export function hotLines(spec: ProgramSpec, counts: SlotCounts, most: number): HotLine[] {
  const lines = new Map<string, HotLine>()
  for (const [pc, explored] of counts.explored.entries()) {
    if (explored === 0) continue
    const { key, ...told } = lineOf(spec, pc)
    const line = lines.get(key) ?? { pc, ...told, explored: 0, kept: 0, forked: 0 }
    line.explored += explored
    line.kept += counts.kept[pc] ?? 0
    line.forked += counts.forked[pc] ?? 0
    lines.set(key, line)
  }
  return [...lines.values()].sort((a, b) => b.explored - a.explored || a.pc - b.pc).slice(0, most)
}

/** Characters of a line that are shown. */
const TEXT_WIDTH = 60

/** The lines for people, below the name of their program. */
export function hotLinesText(program: string, lines: readonly HotLine[], insnsProcessed: number): string {
  if (lines.length === 0) return `${program}: refused before anything was explored\n`
  const rows = lines.map(({ pc, file, line, text, explored, kept, forked }) => [
    file === undefined ? `insn ${pc}` : `${baseName(file)}:${line}`,
    explored,
    `${((explored / insnsProcessed) * 100).toFixed(1)} %`,
    kept,
    forked,
    text.length > TEXT_WIDTH ? `${text.slice(0, TEXT_WIDTH - 3)}...` : text,
  ])
  return `${program}: where the instructions went\n${formatTable(['where', 'insns', 'share', 'states', 'branches', 'text'], rows)}\n`
}

import { type ClassicBlock, type ClassicInsn, classicBlocks, formatClassic } from '@bpfoundry/cbpf'

/** A program's blocks, with their ways out below each: the two of a comparison, or the one of what just goes on. */
export function flowText(insns: readonly ClassicInsn[]): string {
  const lines = classicBlocks(insns).flatMap((block) => [
    `block ${block.start}`,
    ...blockLines(insns, block).map((line) => `  ${line}`),
    ...waysOf(block).map(({ label, to }) => `  ${label === '' ? 'goes on' : label} -> block ${to}`),
  ])
  return lines.map((line) => `${line}\n`).join('')
}

/** The same for Graphviz. */
export function flowDot(insns: readonly ClassicInsn[]): string {
  const blocks = classicBlocks(insns)
  const nodes = blocks.map((block) => {
    const label = blockLines(insns, block).map((line) => `${line.replaceAll('"', '\\"')}\\l`)
    return `  b${block.start} [label="${label.join('')}"]`
  })
  const edges = blocks.flatMap((block) =>
    waysOf(block).map(({ label, to }) => `  b${block.start} -> b${to}${label === '' ? '' : ` [label="${label}"]`}`),
  )
  const lines = ['digraph filter {', '  node [shape=box, fontname=monospace]', ...nodes, ...edges, '}']
  return lines.map((line) => `${line}\n`).join('')
}

/** Instructions without the jumps of the comparison, which edges tell. */
function blockLines(insns: readonly ClassicInsn[], { start, end }: ClassicBlock): string[] {
  return insns.slice(start, end).map((insn, index) =>
    formatClassic(insn, start + index)
      .replace(/ +jt \d+\tjf \d+$/, '')
      .trimEnd(),
  )
}

interface Way {
  readonly label: string
  readonly to: number
}

function waysOf({ onTrue, onFalse, next }: ClassicBlock): readonly Way[] {
  const ways: readonly (readonly [label: string, to: number | undefined])[] = [
    ['true', onTrue],
    ['false', onFalse],
    ['', next],
  ]
  return ways.flatMap(([label, to]) => (to === undefined ? [] : [{ label, to }]))
}

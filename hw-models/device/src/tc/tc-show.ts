import type { TcProgram } from './tc-program.ts'
import type { TcDirection, TcFilterRow, TcQdisc, TrafficControl } from './traffic-control.ts'

/** A filter of `tc -j filter show`. */
export interface TcFilterJson {
  readonly protocol: string
  readonly pref: number
  readonly kind: 'bpf'
  readonly chain: number
  readonly options?: Readonly<Record<string, unknown>>
}

/** The flags that tc shows of a filter, in its order. */
const FLAGS: readonly (readonly [word: string, holds: (filter: TcFilterRow) => boolean])[] = [
  ['direct-action', ({ directAction }) => directAction],
  ['skip_hw', ({ skipHw }) => skipHw],
  ['skip_sw', ({ skipSw }) => skipSw],
  ['in_hw', ({ inHw }) => inHw],
  ['not_in_hw', ({ inHw }) => !inHw],
]

/**
 * What `tc filter show dev X ingress` prints: a line a priority, and one a filter. Blanks at the ends of lines, which tc
 * has, are left out.
 *
 * @see tc/f_bpf.c, tc/tc_filter.c of iproute2; compared with iproute2 6.1 on a 6.18 kernel
 */
export function tcFilterLines(tc: TrafficControl, direction: TcDirection): string[] {
  // Shown through the other direction of one block, tc names the parent.
  const parent = tc.parentOf(direction) === direction ? '' : `${tc.parentOf(direction)} `
  const lines: string[] = []
  let shown = ''
  for (const filter of tc.filters(direction)) {
    const head = `filter ${parent}protocol ${filter.protocol} pref ${filter.priority} bpf chain ${filter.chain}`
    if (head !== shown) lines.push(head)
    shown = head
    lines.push([head, `handle 0x${filter.handle.toString(16)}`, ...filterWords(filter)].join(' '))
  }
  return lines
}

/** What `tc -j filter show` prints. */
export function tcFilterJson(tc: TrafficControl, direction: TcDirection): TcFilterJson[] {
  const rows: TcFilterJson[] = []
  let shown = ''
  for (const filter of tc.filters(direction)) {
    const { protocol, priority: pref, chain } = filter
    const head = { protocol, pref, kind: 'bpf', chain } as const
    if (JSON.stringify(head) !== shown) rows.push(head)
    shown = JSON.stringify(head)
    rows.push({ ...head, options: filterOptions(filter) })
  }
  return rows
}

/** `tc qdisc show dev X`, the line of the qdisc for filters. */
export function tcQdiscLines({ qdisc }: TrafficControl): string[] {
  const dashes: Readonly<Record<TcQdisc, string>> = { clsact: '', ingress: ' ----------------' }
  return qdisc === undefined ? [] : [`qdisc ${qdisc} ffff: parent ffff:fff1${dashes[qdisc]}`]
}

function filterWords(filter: TcFilterRow): string[] {
  const { label, program } = filter
  const flags = FLAGS.filter(([, holds]) => holds(filter)).map(([word]) => word)
  return [...(label === undefined ? [] : [label]), ...flags, programWords(program)]
}

function programWords({ id, name, tag, jited, bytecode }: TcProgram): string {
  if (bytecode !== undefined) {
    const insns = bytecode.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`)
    return `bytecode '${[bytecode.length, ...insns].join(',')}'`
  }
  return `id ${id}${name === '' ? '' : ` name ${name}`} tag ${tag}${jited ? ' jited' : ''}`
}

function filterOptions(filter: TcFilterRow): Readonly<Record<string, unknown>> {
  const { handle, label, program } = filter
  const { id, name, tag, jited, bytecode } = program
  const flags = Object.fromEntries(FLAGS.filter(([, holds]) => holds(filter)).map(([word]) => [word, true]))
  const named = { id, ...(name === '' ? {} : { name }), tag, ...(jited ? { jited: 1 } : {}) }
  return {
    handle: `0x${handle.toString(16)}`,
    ...(label === undefined ? {} : { bpf_name: label }),
    ...flags,
    ...(bytecode === undefined ? { prog: named } : { bytecode: { length: bytecode.length, insns: bytecode } }),
  }
}

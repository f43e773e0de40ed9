import { nearestNames } from '@bpfoundry/diagnostics'
import { CbpfError } from '../cbpf-error.ts'
import type { ClassicInsn } from '../classic-insn.ts'
import type { Block } from './block.ts'
import { FilterSource, requireShort } from './filter-source.ts'
import { generate } from './generate/generate.ts'
import { parseFilter } from './language/parser.ts'
import { layOut } from './layout.ts'
import { LINK_TYPES, type LinkType, linkTypeNamed } from './link-types.ts'
import { OP } from './opcodes.ts'
import { optimize } from './optimize/optimizer.ts'
import { preOrder } from './traversal.ts'

/** How a filter is compiled. */
export interface FilterOptions {
  /** What packets begin with, as `tcpdump -y` names it; `EN10MB` by default. */
  readonly linkType?: string
  /** Bytes of a packet that matches to keep: what the filter returns. 262144 by default. */
  readonly snapLengthBytes?: number
  /** On by default. */
  readonly optimize?: boolean
}

/** As tcpdump has it. */
export const DEFAULT_SNAP_LENGTH_BYTES = 262_144

/** Of more the optimizer would take half a minute; libpcap's takes longer. */
const MAX_OPTIMIZED_BLOCKS = 8192

/**
 * Compiles a filter expression to the program that libpcap makes of it.
 *
 * Names of services and protocols come from tables here, names of hosts and networks are not looked up.
 *
 * @throws CbpfError CBPF_FILTER_SYNTAX, CBPF_FILTER_MEANING, CBPF_FILTER_NAME, CBPF_FILTER_UNSUPPORTED, CBPF_FILTER_LIMIT,
 *   CBPF_FILTER_NOTHING, each with the column; CBPF_FILTER_LINK_TYPE
 * @see pcap-filter(7); McCanne and Jacobson, The BSD Packet Filter (1993)
 */
export function compileFilter(expression: string, options: FilterOptions = {}): ClassicInsn[] {
  const { linkType = 'EN10MB', snapLengthBytes = DEFAULT_SNAP_LENGTH_BYTES, optimize: optimizes = true } = options
  const link = requireLinkType(linkType)
  const source = requireShort(new FilterSource(expression))
  const { root, hasLoops } = generate(source, parseFilter(source), link, snapLengthBytes)
  const first = optimizes && !hasLoops ? optimized(source, root) : root
  if (first.code === OP.RET_K && first.k === 0) {
    throw source.error('CBPF_FILTER_NOTHING', 0, 'expression rejects all packets')
  }
  return layOut(first)
}

function optimized(source: FilterSource, root: Block): Block {
  const blocks = preOrder(root).length
  if (blocks > MAX_OPTIMIZED_BLOCKS) {
    throw source.error('CBPF_FILTER_LIMIT', 0, 'the expression has too many tests to be optimized', {
      got: `${blocks} comparisons`,
      expected: `at most ${MAX_OPTIMIZED_BLOCKS}`,
      hint: 'without the optimizer it is compiled, to a program that is longer',
    })
  }
  return optimize(root, (message) => source.error('CBPF_FILTER_MEANING', 0, message))
}

function requireLinkType(name: string): LinkType {
  const link = linkTypeNamed(name)
  if (link !== undefined) return link
  const names = LINK_TYPES.map((row) => row.name)
  throw new CbpfError({
    code: 'CBPF_FILTER_LINK_TYPE',
    message: `invalid data link type ${name.slice(0, 40)}`,
    expected: names.join(', '),
    hint: nearestNames(name, names),
  })
}

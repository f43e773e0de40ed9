import { Block } from '../block.ts'
import { and, type Condition, connect, not, or } from '../condition.ts'
import type { FilterSource } from '../filter-source.ts'
import type { Expression, Primitive } from '../language/syntax-tree.ts'
import type { LinkType } from '../link-types.ts'
import { ETHER_TYPE } from '../names/ether-types.ts'
import { OP } from '../opcodes.ts'
import { relation } from './arithmetic.ts'
import { encapsulated } from './encapsulation.ts'
import { hasByte, hasLength, isBroadcast, isMulticast } from './frame.ts'
import { Generation } from './generation.ts'
import { idTest } from './id.ts'
import { isDirection, isInterface } from './interface.ts'
import { carries } from './link-protocol.ts'
import { isLlc } from './llc.ts'
import { isProtocol } from './protocol-abbreviation.ts'

/** What was generated from an expression. */
export interface GeneratedFilter {
  readonly root: Block
  /** It jumps back, and can't be optimized. */
  readonly hasLoops: boolean
}

/**
 * The blocks of an expression, from left to right, and the two returns behind them.
 *
 * @param expression undefined for one that every packet matches
 * @throws CbpfError CBPF_FILTER_MEANING, CBPF_FILTER_NAME, CBPF_FILTER_UNSUPPORTED
 */
export function generate(
  source: FilterSource,
  expression: Expression | undefined,
  link: LinkType,
  snapLengthBytes: number,
): GeneratedFilter {
  const accept = new Block(OP.RET_K, snapLengthBytes)
  if (expression === undefined) return { root: accept, hasLoops: false }
  const generation = new Generation(source, link)
  const { head, whenTrue, whenFalse } = conditionOf(generation, expression)
  connect(whenTrue, accept)
  connect(whenFalse, new Block(OP.RET_K, 0))
  return { root: head, hasLoops: generation.hasLoops }
}

function conditionOf(generation: Generation, expression: Expression): Condition {
  if (expression.kind === 'not') return not(conditionOf(generation, expression.operand))
  if (expression.kind === 'chain') {
    return expression.rest.reduce(
      (before, { operator, operand }) => {
        const next = conditionOf(generation, operand)
        return operator === 'and' ? and(before, next) : or(before, next)
      },
      conditionOf(generation, expression.first),
    )
  }
  generation.at = expression.at
  return primitive(generation, expression)
}

function primitive(generation: Generation, node: Primitive): Condition {
  switch (node.kind) {
    case 'id':
      return idTest(generation, node.id, node.qualifiers)
    case 'protocol':
      return isProtocol(generation, node.protocol)
    case 'relation':
      return relation(generation, node)
    case 'multicast':
      return isMulticast(generation, node.protocol)
    case 'broadcast':
      return isBroadcast(generation, node.protocol)
    case 'less':
    case 'greater':
      return hasLength(node.kind, node.bytes)
    case 'byte':
      return hasByte(generation, node)
    case 'inbound':
    case 'outbound':
      return isDirection(generation, node.kind)
    case 'ifindex':
      return isInterface(generation, node.index)
    case 'pppoed':
      return carries(generation, ETHER_TYPE.pppoed)
    case 'llc':
      return isLlc(generation, node.type)
    case 'vlan':
    case 'mpls':
    case 'pppoes':
      return encapsulated(generation, node.kind, node.number)
  }
}

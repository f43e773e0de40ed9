import { FilterSource, requireShort } from '../filter-source.ts'
import type { Qualifiers } from '../qualifiers.ts'
import { parseFilter } from './parser.ts'
import type { Arithmetic, Expression, Id, Primitive } from './syntax-tree.ts'

/** Levels of indentation that one chain of `and`s and `or`s in turn may take. */
const MAX_TURNS = 400

/**
 * How a filter expression is understood: a line a node, what belongs to it below, indented by two spaces. Qualifiers that an
 * id takes over from the one before are written out.
 *
 * @throws CbpfError CBPF_FILTER_SYNTAX, CBPF_FILTER_UNSUPPORTED, CBPF_FILTER_LIMIT, each with the column
 */
export function describeFilter(expression: string): string[] {
  const source = new FilterSource(expression)
  const tree = parseFilter(requireShort(source))
  return tree === undefined ? ['everything'] : expressionLines(source, tree)
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`)

function expressionLines(source: FilterSource, node: Expression): string[] {
  if (node.kind === 'not') return ['not', ...indented(expressionLines(source, node.operand))]
  return node.kind === 'chain' ? chainLines(source, node) : [primitiveText(node)]
}

/** Of one operator in a row, all that it joins stands below it; where the other one follows, all of that stands below that. */
function chainLines(source: FilterSource, { first, rest }: Expression & { readonly kind: 'chain' }): string[] {
  const turns = rest.filter(({ operator }, index) => operator !== rest[index - 1]?.operator)
  if (turns.length > MAX_TURNS) {
    throw source.error('CBPF_FILTER_LIMIT', 0, 'the expression is too deep to be told as a tree', {
      expected: `at most ${MAX_TURNS} turns between "and" and "or"`,
    })
  }
  let lines = expressionLines(source, first)
  rest.forEach(({ operator, operand }, index) => {
    const isTurn = operator !== rest[index - 1]?.operator
    if (isTurn) lines = [operator, ...indented(lines)]
    for (const line of indented(expressionLines(source, operand))) lines.push(line)
  })
  return lines
}

/** By kind: how a primitive is written. */
const PRIMITIVES: { readonly [Kind in Primitive['kind']]: (node: Primitive & { readonly kind: Kind }) => string } = {
  id: ({ id, qualifiers }) => `${qualifierText(qualifiers)}${idText(id)}`,
  protocol: ({ protocol }) => protocol,
  relation: ({ comparison, inverted, left, right }) =>
    `${arithmeticText(left)} ${RELATION_SIGNS[`${inverted ? 'not ' : ''}${comparison}`]} ${arithmeticText(right)}`,
  broadcast: ({ protocol }) => `${protocol === 'default' ? 'link' : protocol} broadcast`,
  multicast: ({ protocol }) => `${protocol === 'default' ? 'link' : protocol} multicast`,
  less: ({ bytes }) => `less ${bytes}`,
  greater: ({ bytes }) => `greater ${bytes}`,
  byte: ({ index, operator, value }) => `byte ${index} ${operator} ${value}`,
  inbound: () => 'inbound',
  outbound: () => 'outbound',
  pppoed: () => 'pppoed',
  ifindex: ({ index }) => `ifindex ${index}`,
  llc: ({ type }) => (type === undefined ? 'llc' : `llc ${type}`),
  vlan: encapsulationText,
  mpls: encapsulationText,
  pppoes: encapsulationText,
}

const RELATION_SIGNS: Readonly<Record<string, string>> = {
  JEQ: '=',
  JGT: '>',
  JGE: '>=',
  'not JEQ': '!=',
  'not JGT': '<=',
  'not JGE': '<',
}

function primitiveText(node: Primitive): string {
  return (PRIMITIVES[node.kind] as (node: Primitive) => string)(node)
}

function encapsulationText({ kind, number }: { readonly kind: string; readonly number: number | undefined }): string {
  return number === undefined ? kind : `${kind} ${number}`
}

const DIRECTIONS = { default: '', src: 'src ', dst: 'dst ', and: 'src and dst ', or: 'src or dst ' } as const

function qualifierText(qualifiers: Qualifiers | undefined): string {
  if (qualifiers === undefined) return '? '
  const { protocol, direction, address } = qualifiers
  return `${protocol === 'default' ? '' : `${protocol} `}${DIRECTIONS[direction]}${address === 'default' ? 'host' : address} `
}

function idText(id: Id): string {
  switch (id.form) {
    case 'number':
      return `${id.value}`
    case 'ipv4-prefix':
      return `${id.text}/${id.bits}`
    case 'ipv4-mask':
      return `${id.text} mask ${id.mask}`
    case 'ipv6':
      return id.bits === undefined ? id.text : `${id.text}/${id.bits}`
    default:
      return id.text
  }
}

// biome-ignore format: table
const OPERATOR_SIGNS = {
  ADD: '+', SUB: '-', MUL: '*', DIV: '/', MOD: '%', AND: '&', OR: '|', XOR: '^', LSH: '<<', RSH: '>>',
} as const

function arithmeticText(node: Arithmetic): string {
  switch (node.kind) {
    case 'number':
      return `${node.value}`
    case 'length':
      return 'len'
    case 'negate':
      return `-${arithmeticText(node.operand)}`
    case 'load':
      return `${node.protocol}[${arithmeticText(node.index)}:${node.bytes}]`
    case 'binary':
      return `(${arithmeticText(node.left)} ${OPERATOR_SIGNS[node.operator]} ${arithmeticText(node.right)})`
  }
}

import { Statement } from '../block.ts'
import { and, type Condition, comparison, or } from '../condition.ts'
import { ETHER_TYPE } from '../names/ether-types.ts'
import { IP_PROTOCOL } from '../names/protocols.ts'
import { OP } from '../opcodes.ts'
import type { Protocol } from '../qualifiers.ts'
import type { Generation } from './generation.ts'
import { carries } from './link-protocol.ts'
import { IPV6_NEXT_HEADER_AT } from './protocol-number.ts'

const IPV4_PROTOCOL_AT = 9
const IPV6_HEADER_BYTES = 40
/** Headers of IPv6 that tell the next one, and their length in units of eight bytes. */
const EXTENSION_HEADERS = [
  IP_PROTOCOL.hopByHop,
  IP_PROTOCOL.destinationOptions,
  IP_PROTOCOL.routing,
  IP_PROTOCOL.fragment,
]

/**
 * `ip6 protochain 6`: the protocol somewhere in the chain of headers. The loop through the chain stands in one block, and
 * jumps back; the kernel refuses such programs.
 */
export function headerChain(generation: Generation, protocol: Protocol, number: number): Condition {
  generation.hasLoops = true
  if (protocol === 'default') {
    // One is taken for both, and kept: libpcap has it so.
    generation.cells.take()
    return or(chainOf(generation, 'ip', number), chainOf(generation, 'ip6', number))
  }
  if (protocol !== 'ip' && protocol !== 'ip6') throw generation.error("bad protocol applied for 'protochain'")
  return chainOf(generation, protocol, number)
}

function chainOf(generation: Generation, protocol: 'ip' | 'ip6', number: number): Condition {
  const isIp = carries(generation, protocol === 'ip' ? ETHER_TYPE.ip : ETHER_TYPE.ip6)
  const statements = loopStatements(generation, protocol, number)
  return and(isIp, comparison(OP.JEQ_K, number, statements))
}

/** A is the protocol of the header at X, which is counted from the network header. */
function loopStatements(generation: Generation, protocol: 'ip' | 'ip6', number: number): Statement[] {
  const start = generation.payload + generation.network
  const cell = generation.cells.take()
  const end = new Statement(OP.ADD_K, 0)
  const isWanted = new Statement(OP.JEQ_K, number)
  const isNone = new Statement(OP.JEQ_K, IP_PROTOCOL.none)
  const isAuthentication = new Statement(OP.JEQ_K, IP_PROTOCOL.ah)
  const authentication = authenticationAdvance(start, cell, isWanted)
  const middle =
    protocol === 'ip' ? [new Statement(OP.ADD_K, 0)] : extensionHeaders(start, cell, isWanted, isAuthentication)
  isWanted.targets = { onTrue: end, onFalse: isNone }
  isNone.targets = { onTrue: end, onFalse: middle[0] as Statement }
  isAuthentication.targets = { onTrue: authentication[0] as Statement, onFalse: end }
  generation.cells.free(cell)
  return [...firstHeader(protocol, start), isWanted, isNone, ...middle, isAuthentication, ...authentication, end]
}

function firstHeader(protocol: 'ip' | 'ip6', start: number): Statement[] {
  return protocol === 'ip'
    ? [new Statement(OP.LD_B_ABS, start + IPV4_PROTOCOL_AT), new Statement(OP.LDX_B_MSH, start)]
    : [new Statement(OP.LD_B_ABS, start + IPV6_NEXT_HEADER_AT), new Statement(OP.LDX_IMM, IPV6_HEADER_BYTES)]
}

/** One test for each header, and the way to the next: X += 8 * (length + 1). */
function extensionHeaders(start: number, cell: number, again: Statement, otherwise: Statement): Statement[] {
  const advance = [
    new Statement(OP.LD_B_IND, start),
    new Statement(OP.ST, cell),
    new Statement(OP.LD_B_IND, start + 1),
    new Statement(OP.ADD_K, 1),
    new Statement(OP.MUL_K, 8),
    new Statement(OP.ADD_X),
    new Statement(OP.TAX),
    new Statement(OP.LD_MEM, cell),
    jumpTo(again),
  ]
  const tests = EXTENSION_HEADERS.map((number) => new Statement(OP.JEQ_K, number))
  tests.forEach((test, index) => {
    test.targets = { onTrue: advance[0] as Statement, onFalse: tests[index + 1] ?? otherwise }
  })
  return [...tests, ...advance]
}

/** An authentication header counts in units of four bytes: X += 4 * (length + 2). */
function authenticationAdvance(start: number, cell: number, again: Statement): Statement[] {
  return [
    new Statement(OP.TXA),
    new Statement(OP.LD_B_IND, start),
    new Statement(OP.ST, cell),
    new Statement(OP.TXA),
    new Statement(OP.ADD_K, 1),
    new Statement(OP.TAX),
    new Statement(OP.LD_B_IND, start),
    new Statement(OP.ADD_K, 2),
    new Statement(OP.MUL_K, 4),
    new Statement(OP.TAX),
    new Statement(OP.LD_MEM, cell),
    jumpTo(again),
  ]
}

function jumpTo(target: Statement): Statement {
  const jump = new Statement(OP.JA)
  jump.target = target
  return jump
}

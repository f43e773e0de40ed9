import { type AncillaryName, ancillaryOf } from './ancillary-data.ts'
import type { ClassicInsn } from './classic-insn.ts'
import type { ClassicState } from './classic-state.ts'
import {
  type ClassicInstructionKind,
  type ClassicInstructionRow,
  type ClassicMnemonic,
  type ClassicOperand,
  lookupClassic,
} from './instruction-table.ts'
import { findAttribute, findNestedAttribute } from './netlink-attribute.ts'
import { loadPacket } from './packet-load.ts'
import { payloadOffset } from './payload-offset.ts'
import { packetBytes } from './socket-buffer.ts'

/** What an instruction does. `pc` is the next instruction's already. */
export type Operation = (state: ClassicState, insn: ClassicInsn) => void

/** A value that an instruction loads; undefined: there is none, and the program ends. */
type Source = (state: ClassicState, k: number) => number | undefined

/** What is loaded from, by operand. The kernel ends programs with 0 where packet data is missing. */
function sourceOf({ operand, bytes }: ClassicInstructionRow): Source {
  const sources: Partial<Record<ClassicOperand, Source>> = {
    packet: (state, k) => loadPacket(state.buffer, k, bytes),
    packet_x: (state, k) => loadPacket(state.buffer, state.x + k, bytes),
    header: ({ buffer }, k) => {
      const byte = loadPacket(buffer, k, bytes)
      return byte === undefined ? undefined : (byte & 0xf) * 4
    },
    length: ({ buffer }) => buffer.wireBytes ?? packetBytes(buffer),
    bits: (_, k) => k,
    cell: ({ cells }, k) => cells[k],
  }
  return sources[operand] as Source
}

/**
 * Ancillary data. Without a device its number and type are unknown, and the program ends with A as it is: so does what
 * the kernel translates them to.
 */
const ANCILLARY_SOURCES: Readonly<Record<AncillaryName, (state: ClassicState) => number | undefined>> = {
  protocol: ({ buffer }) => buffer.protocol,
  pkttype: ({ buffer }) => buffer.packetType,
  ifindex: ({ buffer }) => buffer.device?.ifindex,
  nlattr: ({ buffer, a, x }) => findAttribute(buffer, a, x),
  nlattr_nest: ({ buffer, a, x }) => findNestedAttribute(buffer, a, x),
  mark: ({ buffer }) => buffer.mark,
  queue: ({ buffer }) => buffer.queueMapping,
  hatype: ({ buffer }) => buffer.device?.type,
  rxhash: ({ buffer }) => buffer.hash,
  cpu: ({ host }) => host.cpu,
  alu_xor_x: ({ a, x }) => (a ^ x) >>> 0,
  vlan_tag: ({ buffer }) => buffer.vlanTag,
  vlan_tag_present: ({ buffer }) => ((buffer.vlanTag | buffer.vlanProtocol) === 0 ? 0 : 1),
  pay_offset: ({ buffer }) => payloadOffset(buffer),
  random: ({ host }) => host.random() >>> 0,
  vlan_tpid: ({ buffer }) => buffer.vlanProtocol,
}

function load(row: ClassicInstructionRow): Operation {
  const source = sourceOf(row)
  if (row.register === 'x') {
    return (state, { k }) => {
      const value = source(state, k)
      if (value === undefined) state.result = 0
      else state.x = value
    }
  }
  return (state, { k }) => {
    const ancillary = row.operand === 'packet' ? ancillaryOf(k) : undefined
    const value = ancillary === undefined ? source(state, k) : ANCILLARY_SOURCES[ancillary.name](state)
    if (value !== undefined) state.a = value
    else state.result = ancillary === undefined ? 0 : state.a
  }
}

/** The low 32 bits of the result. Shifts take the low 5 bits of the distance, as x86 and the kernel's eBPF do. */
const ARITHMETIC: Readonly<Partial<Record<ClassicMnemonic, (a: number, b: number) => number>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  div: (a, b) => a / b,
  mod: (a, b) => a % b,
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  lsh: (a, b) => a << b,
  rsh: (a, b) => a >>> b,
  neg: (a) => -a,
}

const COMPARISONS: Readonly<Partial<Record<ClassicMnemonic, (a: number, b: number) => boolean>>> = {
  jeq: (a, b) => a === b,
  jgt: (a, b) => a > b,
  jge: (a, b) => a >= b,
  jset: (a, b) => (a & b) !== 0,
}

function alu({ mnemonic, operand }: ClassicInstructionRow): Operation {
  const compute = ARITHMETIC[mnemonic]!
  if (operand === 'x') {
    return (state) => {
      state.a = compute(state.a, state.x) >>> 0
    }
  }
  return (state, { k }) => {
    state.a = compute(state.a, k) >>> 0
  }
}

/** As {@link alu}; by 0 ends the program with 0. */
function divide(row: ClassicInstructionRow): Operation {
  const compute = alu(row)
  if (row.operand !== 'x') return compute
  return (state, insn) => {
    if (state.x === 0) state.result = 0
    else compute(state, insn)
  }
}

function jump({ mnemonic, operand }: ClassicInstructionRow): Operation {
  const holds = COMPARISONS[mnemonic]!
  if (operand === 'x') {
    return (state, { jt, jf }) => {
      state.pc += holds(state.a, state.x) ? jt : jf
    }
  }
  return (state, { k, jt, jf }) => {
    state.pc += holds(state.a, k) ? jt : jf
  }
}

const OPERATIONS: Readonly<Record<ClassicInstructionKind, (row: ClassicInstructionRow) => Operation>> = {
  load,
  store: ({ register }) => {
    return (state, { k }) => {
      state.cells[k] = register === 'a' ? state.a : state.x
    }
  },
  alu,
  divide,
  goto:
    () =>
    (state, { k }) => {
      state.pc += k
    },
  jump,
  return: ({ register }) => {
    return (state, { k }) => {
      state.result = register === 'a' ? state.a : k
    }
  },
  move: ({ register }) => {
    return (state) => {
      if (register === 'x') state.x = state.a
      else state.a = state.x
    }
  },
}

const byCode: readonly (Operation | undefined)[] = Array.from({ length: 256 }, (_, code) => {
  const row = lookupClassic(code)
  return row === undefined ? undefined : OPERATIONS[row.kind](row)
})

/** What the instruction with this code does, of a program that was checked. */
export function operationOf(code: number): Operation {
  return byCode[code] as Operation
}

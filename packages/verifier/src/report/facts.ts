/**
 * Facts about instructions for those who come after: what the registers that an instruction uses held, joined over all
 * explored paths. Collected as cheaply as possible (a comparison of references where nothing is new) and turned into the
 * public form only when someone asks.
 */
import {
  maxSigned,
  maxUnsigned,
  minSigned,
  minUnsigned,
  toSignedBigInt,
  toUnsignedBigInt,
  type Word64,
} from '../domain/word64.ts'
import type { RegisterState } from '../state/register-state.ts'
import { PTR_TO_STACK, typeName } from '../state/register-type.ts'
import type { InsnFact, RegisterFact, RegisterKind } from '../verifier-api.ts'

const MEMORY = 11

/** One register at one instruction, joined; and the next one that this instruction uses. */
interface Joined {
  readonly number: number
  next: Joined | undefined
  last: RegisterState
  readonly type: number
  mixed: boolean
  mapId: number | undefined
  sameMap: boolean
  readonly offset: number
  sameOffset: boolean
  umin: Word64
  umax: Word64
  smin: Word64
  smax: Word64
}

export class FactCollector {
  /** By slot: the registers that the instruction uses, a list of one to three mostly. */
  readonly #facts: (Joined | undefined)[]

  constructor(slots: number) {
    this.#facts = new Array(slots).fill(undefined)
  }

  /** Register `number` held this when the instruction at `pc` used it. */
  record(pc: number, number: number, register: RegisterState): void {
    const first = this.#facts[pc]
    let known = first
    while (known !== undefined && known.number !== number) known = known.next
    if (known === undefined) this.#facts[pc] = started(register, number, first)
    else if (known.last !== register) join(known, register)
  }

  /** The pointer that the instruction at `pc` accessed memory through. */
  recordMemory(pc: number, register: RegisterState): void {
    this.record(pc, MEMORY, register)
  }

  /** The public form. */
  finish(seen: Uint8Array): readonly InsnFact[] {
    return Array.from(seen, (visited, pc) => insnFact(visited === 1, this.#facts[pc]))
  }
}

function started(register: RegisterState, number: number, next: Joined | undefined): Joined {
  const { umin, umax, smin, smax } = register.scalar
  return {
    number,
    next,
    last: register,
    type: register.type,
    mixed: false,
    mapId: register.map?.id,
    sameMap: true,
    offset: register.offset,
    sameOffset: true,
    umin,
    umax,
    smin,
    smax,
  }
}

function join(known: Joined, register: RegisterState): void {
  const { umin, umax, smin, smax } = register.scalar
  known.last = register
  known.mixed ||= register.type !== known.type
  known.sameMap &&= register.map?.id === known.mapId
  known.sameOffset &&= register.offset === known.offset
  known.umin = minUnsigned(known.umin, umin)
  known.umax = maxUnsigned(known.umax, umax)
  known.smin = minSigned(known.smin, smin)
  known.smax = maxSigned(known.smax, smax)
}

function insnFact(visited: boolean, first: Joined | undefined): InsnFact {
  const listed: Joined[] = []
  for (let joined = first; joined !== undefined; joined = joined.next) listed.push(joined)
  const facts = listed.reverse().map((joined): [number, RegisterFact] => [joined.number, toFact(joined)])
  const registers = new Map(facts.filter(([number]) => number !== MEMORY))
  const memory = facts.find(([number]) => number === MEMORY)?.[1]
  return { visited, registers, ...(memory === undefined ? {} : { memory }) }
}

const KINDS: ReadonlySet<string> = new Set<RegisterKind>([
  'scalar',
  'ctx',
  'map_ptr',
  'map_value',
  'map_value_or_null',
  'fp',
  'pkt',
  'pkt_meta',
  'pkt_end',
  'func',
])

function kindOf(type: number): RegisterKind {
  const name = typeName(type)
  return KINDS.has(name) ? (name as RegisterKind) : 'unknown'
}

function toFact(joined: Joined): RegisterFact {
  const umin = toUnsignedBigInt(joined.umin)
  const umax = toUnsignedBigInt(joined.umax)
  return {
    kind: kindOf(joined.type),
    mixed: joined.mixed,
    ...(joined.mapId !== undefined && joined.sameMap ? { mapId: joined.mapId } : {}),
    ...(joined.sameOffset ? { offset: joined.offset } : {}),
    constant: umin === umax,
    ...(umin === umax ? { value: umin } : {}),
    umin,
    umax,
    smin: toSignedBigInt(joined.smin),
    smax: toSignedBigInt(joined.smax),
  }
}

/** The fact of one register now, for a device's hook. */
export function registerFact(register: RegisterState, frameNumber: number): RegisterFact {
  const { value, mask } = register.scalar.tnum
  return {
    ...toFact(started(register, 0, undefined)),
    now: {
      typeName: typeName(register.type),
      varOff: { value: toUnsignedBigInt(value), mask: toUnsignedBigInt(mask) },
      id: register.id,
      packetRange: register.packetRange,
      ofCaller: register.type === PTR_TO_STACK && register.frameNumber !== frameNumber,
    },
  }
}

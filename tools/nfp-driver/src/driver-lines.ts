import { BPF_ALU, BPF_ALU64, BPF_CLASS, BPF_PSEUDO_CALL, type Insn, isCall } from '@bpfoundry/isa'
import type { NfpInsnFact } from '@bpfoundry/jit-nfp'
import type { DriverCase, DriverRegister, DriverVisit } from './driver-case.ts'

/** enum bpf_reg_type of what programs on a card can point at. */
const POINTER_TYPE = { scalar: 1, ctx: 2, map_value: 4, fp: 6, pkt: 8 } as const

/** Ids of the helpers whose addresses the driver keeps, in its order. */
const ADDRESSED_HELPERS = [1, 2, 3, 25] as const

const NO_ADJUST_HEAD_LOCATION = 0xffffffff

/** A case as the lines that the compiled driver reads. */
export function driverLines(input: DriverCase): string[] {
  return [
    programLine(input),
    ...input.insns.map(({ opcode, dst, src, off, imm }) => `insn ${opcode} ${dst} ${src} ${off} ${imm}`),
    ...(input.maps ?? []).map(({ id, tid, neutral, valueBytes }) => `map ${id} ${tid} ${flag(neutral)} ${valueBytes}`),
    ...(input.mapUses ?? []).map(({ pc, map }) => `use ${pc} ${map}`),
    `depths ${input.stackDepths.join(' ')}`,
    ...(input.facts === undefined ? [] : knownFacts(input, input.facts)),
    ...(input.visits ?? []).flatMap(visitLines),
    'go',
  ]
}

function programLine({ type, firmware, placement }: DriverCase): string {
  const { adjustHead } = firmware
  const head = adjustHead ?? { noMeta: false, offMin: 0, offMax: 0, guaranteedSub: 0, guaranteedAdd: 0 }
  const numbers = [
    type,
    firmware.maxWords,
    firmware.stackChunks,
    placement.start,
    placement.done,
    flag(head.noMeta),
    head.offMin,
    head.offMax,
    head.guaranteedSub,
    head.guaranteedAdd,
    ...ADDRESSED_HELPERS.map((id) => placement.helpers.get(id) ?? 0),
    flag(firmware.pseudoRandom),
    flag(firmware.queueSelect),
    flag(firmware.adjustTail),
  ]
  return `program ${numbers.join(' ')}`
}

function knownFacts(input: DriverCase, facts: readonly (NfpInsnFact | undefined)[]): string[] {
  const lines = [`adjust ${input.guaranteedAdjustHead ?? NO_ADJUST_HEAD_LOCATION}`]
  for (const [pc, insn] of input.insns.entries()) {
    for (const [name, value] of factRows(insn, facts[pc] ?? {})) {
      if (value !== undefined) lines.push(`fact ${pc} ${name} ${value}`)
    }
  }
  return lines
}

type FactRow = readonly [name: string, value: number | bigint | undefined]

function factRows(insn: Insn, fact: NfpInsnFact): FactRow[] {
  const { pointer, addend, ranges, call } = fact
  const rows: FactRow[] = [
    ['removed', set(fact.removed)],
    ['zeroExtend', set(fact.zeroExtend)],
    ['callerFrame', set(fact.callerFrame)],
    ['jumpTarget', fact.jumpTarget],
    ['pointerVaries', set(fact.pointerVaries)],
  ]
  if (pointer !== undefined) {
    rows.push(['pointerType', POINTER_TYPE[pointer.kind]], ['pointerOffset', pointer.offset])
    rows.push(['pointerVariable', pointer.knownVariable], ['pointerId', pointer.id])
  }
  if (addend !== undefined) rows.push(['maybe16Bit', flag(addend.maybe16Bit)], ['over16Bit', flag(addend.over16Bit)])
  if (ranges !== undefined && isAlu(insn)) rows.push(...rangeRows(ranges))
  if (isCall(insn) && insn.src !== BPF_PSEUDO_CALL) {
    rows.push(['helper', insn.imm], ['keyOffset', call?.keyOffset], ['keyVaries', set(call?.keyVaries)])
    if (call?.eventData !== undefined) rows.push(['eventData', POINTER_TYPE[call.eventData]])
  }
  return rows
}

function rangeRows(ranges: NonNullable<NfpInsnFact['ranges']>): FactRow[] {
  return (['sourceMin', 'sourceMax', 'targetMin', 'targetMax'] as const).map((name) => [
    name,
    BigInt.asIntN(64, ranges[name]),
  ])
}

function isAlu(insn: Insn): boolean {
  return BPF_CLASS(insn.opcode) === BPF_ALU || BPF_CLASS(insn.opcode) === BPF_ALU64
}

function visitLines({ pc, frame = 0, registers = {}, zeros }: DriverVisit): string[] {
  return [
    ...Object.entries(registers).map(([number, state]) => registerLine(frame, Number(number), state)),
    ...(zeros === undefined ? [] : [`zeros ${[frame, ...zeros].join(' ')}`]),
    `visit ${pc} ${frame}`,
  ]
}

const U64_MAX = 0xffffffffffffffffn

function registerLine(frame: number, number: number, state: DriverRegister): string {
  const { value, mask } = state.tnum ?? { value: 0n, mask: 0n }
  const umin = state.umin ?? value
  const umax = state.umax ?? (mask === 0n ? value : U64_MAX)
  const { type, offset = 0, id = 0, frame: owner = 0, map = -1 } = state
  return `register ${[frame, number, type, offset, value, mask, umin, umax, id, owner, map].join(' ')}`
}

function flag(value: boolean): number {
  return value ? 1 : 0
}

/** Lines only for what holds. */
function set(value: boolean | undefined): number | undefined {
  return value === true ? 1 : undefined
}

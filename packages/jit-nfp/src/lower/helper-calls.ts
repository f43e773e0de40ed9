/** Calls of BPF helpers: some words of their own, or a routine of the firmware. */
import { BPF_PSEUDO_CALL } from '@bpfoundry/isa'
import { ERRNO, helperByName } from '@bpfoundry/kernel-abi'
import { gprA, gprB, gprBoth } from '@bpfoundry/microcode'
import { low, STACK_START, TEMP_A } from '../emit/registers.ts'
import type { NfpEventDataKind } from '../nfp-program.ts'
import { adjustHead, adjustTail } from './adjust-packet.ts'
import { callFunction } from './calls.ts'
import type { Lower } from './lowering.ts'

const INDEX_WRITE_SLOTS = 3
/** The routine finds its return address here. */
const RETURN_TO = gprB(0)

/**
 * Map helpers: the firmware reads the key at *l$index0 and the value of an update at *l$index2; A0 has the map. A key at
 * the very start of the stack is where *l$index0 points already.
 */
const mapCall =
  (helper: number, hasValue: boolean): Lower =>
  ({ emit, frameDepth }, { fact }) => {
    const pointsElsewhere = fact.call?.keyVaries === true || frameDepth + (fact.call?.keyOffset ?? 0) !== 0
    if (pointsElsewhere) emit.writeCsr('actLmAddr0', gprB(low(2)))
    if (hasValue) emit.writeCsr('actLmAddr2', gprB(low(3)))
    emit.branchFar('helper', { defer: 2, helper })
    const back = emit.here + 2
    emit.move(gprA(0), gprA(low(1)))
    emit.loadAddress(RETURN_TO, back)
    emit.expectHere(back)
    if (!pointsElsewhere) return
    emit.writeCsr('actLmAddr0', STACK_START)
    emit.nops(INDEX_WRITE_SLOTS)
  }

/** The next word after a read of a control register receives it. */
const prandom: Lower = ({ emit }) => {
  emit.readCsr('pseudoRandom')
  emit.immed(gprBoth(0), 0)
  emit.immed(gprBoth(1), 0)
}

/** What the firmware knows the kinds of pointers by: enum bpf_reg_type of Linux. @see nfp/bpf/fw.h */
const EVENT_DATA: Readonly<Record<NfpEventDataKind, number>> = { scalar: 1, map_value: 4, fp: 6, pkt: 8 }

const eventOutput =
  (helper: number): Lower =>
  ({ emit }, { fact }) => {
    const kind = emit.unrestricted(fact.call?.eventData === undefined ? 0 : EVENT_DATA[fact.call.eventData], TEMP_A)
    const back = emit.here + 3
    emit.branchFar('helper', { defer: 2, helper })
    emit.move(gprA(1), kind)
    emit.loadAddress(RETURN_TO, back)
    emit.expectHere(back)
  }

function idOf(name: string): number {
  const helper = helperByName(name)
  if (helper === undefined) throw new Error(`no helper ${name}`)
  return helper.id
}

type Row = readonly [id: number, lower: Lower]

const row = (name: string, lower: (id: number) => Lower): Row => [idOf(name), lower(idOf(name))]

/** Helpers that a card can have. */
// biome-ignore format: table
const HELPERS: ReadonlyMap<number, Lower> = new Map([
  row('bpf_xdp_adjust_head',   () => adjustHead),
  row('bpf_xdp_adjust_tail',   () => adjustTail),
  row('bpf_map_lookup_elem',   (id) => mapCall(id, false)),
  row('bpf_map_update_elem',   (id) => mapCall(id, true)),
  row('bpf_map_delete_elem',   (id) => mapCall(id, false)),
  row('bpf_get_prandom_u32',   () => prandom),
  row('bpf_perf_event_output', eventOutput),
])

/** A call of a function of the program, or of a helper. */
export const call: Lower = (to, record) => {
  if (record.src === BPF_PSEUDO_CALL) {
    if (record.target === undefined) throw new Error('a call was not linked')
    callFunction(to, record.target)
    return
  }
  const lower = HELPERS.get(record.imm)
  if (lower === undefined) to.emit.refuse(ERRNO.EOPNOTSUPP)
  else lower(to, record)
}

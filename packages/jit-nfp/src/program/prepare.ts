import { BPF_DW, BPF_IMM, BPF_LD, BPF_PSEUDO_MAP_FD, type Insn } from '@bpfoundry/isa'
import { JitNfpError } from '../jit-nfp-error.ts'
import type { NfpInsnFact, NfpProgram } from '../nfp-program.ts'
import { isFunctionCall, leadsElsewhere } from './insn-kinds.ts'
import { type InsnRecord, isSkipped } from './insn-record.ts'

const LD_IMM64 = BPF_LD | BPF_IMM | BPF_DW

/**
 * First phase: a record a slot, with where jumps and calls lead, and maps by the numbers that the card knows.
 *
 * @throws JitNfpError JIT_NFP_JUMP, JIT_NFP_LD_IMM64
 */
export function prepare(program: NfpProgram): InsnRecord[] {
  const records = program.insns.map((insn, pc) => newRecord(pc, insn, program.facts[pc]))
  for (const record of records) linkTarget(records, record)
  for (const record of records) {
    if (record.fact.jumpTarget !== undefined) record.target = recordAt(records, record, record.fact.jumpTarget)
  }
  numberMaps(records)
  return records
}

const NOTHING_KNOWN: NfpInsnFact = {}

function newRecord(pc: number, insn: Insn, fact: NfpInsnFact = NOTHING_KNOWN): InsnRecord {
  return {
    pc,
    fact,
    opcode: insn.opcode,
    dst: insn.dst,
    src: insn.src,
    off: insn.off,
    imm: insn.imm,
    functionIndex: 0,
    isTarget: false,
    startsFunction: false,
    target: undefined,
    absorbed: false,
    negated: false,
    chain: undefined,
    window: undefined,
    start: 0,
  }
}

function linkTarget(records: readonly InsnRecord[], record: InsnRecord): void {
  if (!leadsElsewhere(record)) return
  const calls = isFunctionCall(record)
  const target = recordAt(records, record, record.pc + 1 + (calls ? record.imm : record.off))
  target.isTarget = true
  if (calls) target.startsFunction = true
  record.target = target
}

function recordAt(records: readonly InsnRecord[], from: InsnRecord, pc: number): InsnRecord {
  const target = records[pc]
  if (target !== undefined) return target
  throw new JitNfpError({
    code: 'JIT_NFP_JUMP',
    message: 'the jump leads out of the program',
    where: { pc: from.pc },
    got: pc,
    expected: `0 to ${records.length - 1}`,
  })
}

/** @see nfp_bpf_replace_map_ptrs in nfp/bpf/jit.c */
function numberMaps(records: readonly InsnRecord[]): void {
  for (const [pc, first] of records.entries()) {
    if (first.opcode !== LD_IMM64) continue
    const second = records[pc + 1]
    if (second === undefined) {
      throw new JitNfpError({
        code: 'JIT_NFP_LD_IMM64',
        message: 'the program ends within an immediate',
        where: { pc },
      })
    }
    const { mapNumber } = first.fact
    if (first.src !== BPF_PSEUDO_MAP_FD || mapNumber === undefined || isSkipped(first) || isSkipped(second)) continue
    first.imm = mapNumber | 0
    second.imm = 0
  }
}

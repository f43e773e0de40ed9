import { BPF_CALL, BPF_EXIT, BPF_JMP, type Insn } from '@bpfoundry/isa'
import { helperByName, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { RegisterFact } from '@bpfoundry/verifier'
import type { NfpFirmware } from '../card.ts'
import { isConstant, varOffValue } from '../register-type.ts'
import type { BlockerSource, OffloadNote } from './blocker.ts'

/** What a note is made of: one visit of an instruction. */
interface Visit {
  readonly insn: Insn
  readonly registers: (n: number) => RegisterFact
  readonly firmware: NfpFirmware
  readonly programType: number
}

const XDP_TX = 3n

const ADJUST_HEAD = helperByName('bpf_xdp_adjust_head')?.id
const ADJUST_TAIL = helperByName('bpf_xdp_adjust_tail')?.id

const calls = ({ insn }: Visit, helper: number | undefined): boolean =>
  insn.opcode === (BPF_JMP | BPF_CALL) && insn.src === 0 && insn.imm === helper

/** A number that is known, as a signed one. */
function known(fact: RegisterFact): bigint | undefined {
  return fact.kind === 'scalar' && isConstant(fact) ? BigInt.asIntN(32, varOffValue(fact)) : undefined
}

const returnsBeyondTx = ({ insn, programType, registers }: Visit): boolean => {
  if (insn.opcode !== (BPF_JMP | BPF_EXIT) || programType !== PROG_TYPE.XDP) return false
  const result = known(registers(0))
  return result !== undefined && (result > XDP_TX || result < 0n)
}

interface NoteRow {
  readonly applies: (visit: Visit) => boolean
  readonly message: (firmware: NfpFirmware) => string
}

/** What a card does otherwise without saying so. @see nfp_outro_xdp, adjust_head, adjust_tail in nfp/bpf/jit.c */
// biome-ignore format: table
const ROWS: readonly NoteRow[] = [
  { applies: returnsBeyondTx,                                                            message: () => 'a result above XDP_TX (XDP_REDIRECT too) aborts on the card: the packet is dropped and counted in bpf_app3' },
  { applies: (v) => calls(v, ADJUST_TAIL) && (known(v.registers(2)) ?? 1n) > 0n,         message: () => 'the card only cuts the tail: growing it fails with -22' },
  { applies: (v) => calls(v, ADJUST_HEAD) && known(v.registers(2)) === undefined,        message: ({ adjustHead }) => `on the card the packet must then start ${adjustHead?.offMin} to ${adjustHead?.offMax} bytes into its buffer and keep 14 bytes, or the call fails with -22` },
]

/** Collects notes while a program is verified, one an instruction and kind. */
export class NoteCollector {
  readonly #notes = new Map<string, OffloadNote>()
  readonly #sourceAt: (pc: number) => BlockerSource | undefined

  constructor(sourceAt: (pc: number) => BlockerSource | undefined) {
    this.#sourceAt = sourceAt
  }

  visit(pc: number, visit: Visit): void {
    for (const [kind, { applies, message }] of ROWS.entries()) {
      if (this.#notes.has(`${pc} ${kind}`) || !applies(visit)) continue
      const source = this.#sourceAt(pc)
      const note = { message: message(visit.firmware), pc, ...(source === undefined ? {} : { source }) }
      this.#notes.set(`${pc} ${kind}`, note)
    }
  }

  /** In the order of instructions, behind what the driver itself warns of. */
  all(warnings: readonly string[]): OffloadNote[] {
    const said = [...new Set(warnings)].map((message) => ({ message: `[nfp] ${message}` }))
    return [...said, ...[...this.#notes.values()].sort((a, b) => (a.pc ?? 0) - (b.pc ?? 0))]
  }
}

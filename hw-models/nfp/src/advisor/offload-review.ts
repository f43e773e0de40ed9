import { formatKernelInsn, type Insn } from '@bpfoundry/isa'
import { ERRNO, errnoName, helperName, type MapAttributes, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { Rejection } from '@bpfoundry/verifier'
import type { NfpCard } from '../card.ts'
import { NfpHooks, type NfpProgram } from '../nfp-hooks.ts'
import { isOffloadNeutral, mapRefusals, type OffloadedMap, unusedWords } from '../offload-map.ts'
import type { NfpRefusal } from '../refusal.ts'
import { translateForCard } from '../translate-for-card.ts'
import { adviceFor } from './advice.ts'
import type { Blocker, BlockerSource, OffloadNote } from './blocker.ts'
import { NoteCollector } from './offload-notes.ts'

/** A program as it is loaded. */
export interface ReviewedProgram extends NfpProgram {
  readonly name: string
}

/** A map that the program names. */
export interface ReviewedMap {
  readonly id: number
  readonly attributes: MapAttributes
}

/** What a program is reviewed for. */
export interface ReviewOptions {
  readonly card: NfpCard
  /** Of the port; 1500 when absent. */
  readonly mtu?: number
}

/** Everything that stands between a program and a card. Plain data. */
export interface OffloadAdvice {
  readonly card: string
  readonly firmware: string
  readonly verdict: 'offloads' | 'blocked'
  /** In the order of instructions; maps first, the program as a whole last. */
  readonly blockers: readonly Blocker[]
  readonly notes: readonly OffloadNote[]
  readonly stackBytes: number
  /** Highest byte of the packet that it may touch. */
  readonly maxPacketOffset: number
  /** Words of its translation; undefined where it could not be translated. */
  readonly programWords?: number
  readonly maxProgramWords: number
}

/** @see bpf_prog_dev_bound_init in kernel/bpf/offload.c */
const FOR_CARDS: ReadonlySet<number> = new Set([PROG_TYPE.XDP, PROG_TYPE.SCHED_CLS])

/** What of the verifier's rejection counts here. */
type Rejected = Pick<Rejection, 'errno' | 'message' | 'pc' | 'hint'>

const DRIVER_LOG = 'NFP net bpf: '
const EXTACK = 'nfp: '
const DEFAULT_MTU = 1500
/** Of what the card keeps at hand of a packet, this much is taken. @see nfp_bpf_offload_check_mtu */
const INLINE_RESERVE_BYTES = 32

/**
 * Finds everything that keeps one program from one card: {@link OffloadReview.hooks} go to the verifier, which then does
 * not stop at what the card refuses; {@link OffloadReview.advice} tells what was found. The card is a fresh one: what other
 * programs did to a real one's maps does not count.
 */
export class OffloadReview {
  readonly hooks: NfpHooks
  readonly #program: ReviewedProgram
  readonly #options: ReviewOptions
  readonly #maps = new Map<number, OffloadedMap>()
  readonly #found: Blocker[] = []
  readonly #mapBlockers: Blocker[] = []
  readonly #notes: NoteCollector

  constructor(program: ReviewedProgram, maps: readonly ReviewedMap[], options: ReviewOptions) {
    this.#program = program
    this.#options = options
    this.#notes = new NoteCollector((pc) => this.#sourceAt(pc))
    if (!FOR_CARDS.has(program.type)) this.#add({ kind: 'program-type', errno: ERRNO.EINVAL, message: '' })
    this.#takeMaps(maps)
    this.hooks = new NfpHooks({
      card: options.card,
      program,
      maps: this.#maps,
      onRefusal: (refusal, pc) => this.#add(refusal, pc),
      onVisit: (pc, { firmware, programType, insn, registers }) =>
        this.#notes.visit(pc, { firmware, programType, insn, registers }),
    })
  }

  /** @param rejection why the verifier refused the program itself: what comes after it was not looked at */
  advice(rejection?: Rejected): OffloadAdvice {
    const { card } = this.#options
    const accepted = rejection === undefined
    if (accepted) this.#checkAttachment()
    else this.#addRejection(rejection)
    const words = accepted && this.#blockers().length === 0 ? this.#translate() : undefined
    const blockers = this.#blockers()
    return {
      card: card.name,
      firmware: card.firmware.name,
      verdict: blockers.length === 0 ? 'offloads' : 'blocked',
      blockers,
      notes: this.#notes.all(this.hooks.warnings),
      stackBytes: this.hooks.stackBytes,
      maxPacketOffset: this.hooks.maxPacketOffset,
      ...(words === undefined ? {} : { programWords: words }),
      maxProgramWords: card.firmware.maxProgramWords,
    }
  }

  #addRejection({ errno, message, pc, hint }: Rejected): void {
    const said = { errno, message: message.trimEnd(), prefix: '', ...(hint === undefined ? {} : { hint }) }
    this.#add({ kind: 'verifier', ...said }, pc)
  }

  #blockers(): Blocker[] {
    const last = this.#program.insns.length
    const inOrder = [...this.#found].sort((a, b) => (a.pc ?? last) - (b.pc ?? last))
    return [...this.#mapBlockers, ...inOrder]
  }

  /** Maps that are refused are taken all the same, so that the program's use of them is judged. */
  #takeMaps(maps: readonly ReviewedMap[]): void {
    let elementsInUse = 0
    for (const { id, attributes } of maps) {
      if (isOffloadNeutral(attributes)) continue
      const usage = { mapsInUse: this.#maps.size, elementsInUse }
      for (const refusal of mapRefusals(this.#options.card, attributes, usage)) {
        this.#mapBlockers.push(this.#blocker(refusal, { map: attributes }))
      }
      this.#maps.set(id, {
        id,
        tableId: this.#maps.size + 1,
        attributes,
        words: unusedWords(attributes.valueSizeBytes),
      })
      elementsInUse += attributes.maxEntries
    }
  }

  /** Once an instruction and kind, however many paths come by. */
  #add(refusal: NfpRefusal, pc?: number): void {
    if (this.#found.some((known) => known.kind === refusal.kind && known.pc === pc)) return
    this.#found.push(this.#blocker(refusal, pc === undefined ? {} : { pc }))
  }

  #blocker(refusal: NfpRefusal, { pc, map }: { readonly pc?: number; readonly map?: MapAttributes }): Blocker {
    const insn = pc === undefined ? undefined : this.#program.insns[pc]
    const source = pc === undefined ? undefined : this.#sourceAt(pc)
    const context = { refusal, card: this.#options.card }
    return {
      kind: refusal.kind,
      errno: errnoName(refusal.errno),
      message: prefixed(
        refusal.prefix ?? PREFIXES[refusal.kind] ?? (map === undefined ? '[nfp] ' : DRIVER_LOG),
        refusal.message,
      ),
      ...(pc === undefined ? {} : { pc }),
      ...(pc === undefined || insn === undefined ? {} : { insn: insnText(this.#program.insns, pc) }),
      ...(source === undefined ? {} : { source }),
      ...(map === undefined ? {} : { map: map.name }),
      advice: adviceFor({
        ...context,
        ...(insn === undefined ? {} : { insn }),
        ...(map === undefined ? {} : { map }),
      }),
    }
  }

  #sourceAt(pc: number): BlockerSource | undefined {
    const line = this.#program.lineInfo?.findLast((entry) => entry.pc <= pc)
    return line === undefined ? undefined : { file: line.file, line: line.line, text: line.text.trim() }
  }

  /** @see nfp_net_bpf_load */
  #checkAttachment(): void {
    const { card, mtu = DEFAULT_MTU } = this.#options
    if (card.firmware.inlineBytes - INLINE_RESERVE_BYTES >= Math.min(this.hooks.maxPacketOffset, mtu)) return
    const message = 'BPF offload not supported with potential packet access beyond HW packet split boundary'
    this.#add({ kind: 'packet-split', errno: ERRNO.EOPNOTSUPP, message })
  }

  #translate(): number | undefined {
    const { translation, ...not } = translateForCard(this.#options.card, this.#program, this.hooks, this.#maps)
    if (not.refusal !== undefined) this.#add(not.refusal, not.pc)
    return translation?.words.length
  }
}

/** Whose words they are, where it is not the verifier's log. */
const PREFIXES: Readonly<Partial<Record<Blocker['kind'], string>>> = {
  'context-read': DRIVER_LOG,
  'constant-store': DRIVER_LOG,
  translation: DRIVER_LOG,
  'packet-split': EXTACK,
  'program-length': DRIVER_LOG,
}

/** Each line with the prefix that it has in its log. */
function prefixed(prefix: string, message: string): string {
  if (message === '') return ''
  return message
    .split('\n')
    .map((line) => prefix + line)
    .join('\n')
}

function insnText(insns: readonly Insn[], pc: number): string {
  return formatKernelInsn(insns[pc] as Insn, insns[pc + 1], {
    callName: ({ src, imm }) => (src === 0 ? helperName(imm) : undefined),
    hidePointers: true,
  })
}

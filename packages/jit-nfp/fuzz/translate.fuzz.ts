import { decodeInsns, encodeInsns, type Insn } from '@bpfoundry/isa'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { checkEcc } from '@bpfoundry/microcode'
import { type NfpInsnFact, type NfpPlacement, type NfpPointerKind, relocate, translateNfp } from '../src/index.ts'
import { GOLDEN_PROGRAMS } from '../test/golden-programs.ts'

export const name = 'jit-nfp-translate'

const SLOT_BYTES = 8
/** Bytes behind the program: one a slot chooses its fact. */
const FACT_BYTES = 64

export function seeds(): Uint8Array[] {
  return GOLDEN_PROGRAMS.map(({ program }) => {
    const bytes = new Uint8Array(program.insns.length * SLOT_BYTES + FACT_BYTES)
    bytes.set(encodeInsns(program.insns))
    return bytes
  })
}

const KINDS: readonly (NfpPointerKind | undefined)[] = ['pkt', 'pkt', 'fp', 'map_value', 'ctx', undefined]

function factOf(choice: number): NfpInsnFact {
  const kind = KINDS[choice % KINDS.length]
  const ends = [BigInt(choice & 7), BigInt(choice >> 2)] as const
  return {
    ...(kind === undefined ? {} : { pointer: { kind, offset: -(choice & 0x3c), id: choice & 1 } }),
    ...((choice & 0x80) === 0 ? {} : { zeroExtend: true, pointerVaries: true }),
    ...(choice === 0xff ? { removed: true } : {}),
    addend: { maybe16Bit: (choice & 1) === 0, over16Bit: (choice & 2) === 0 },
    ranges: { sourceMin: ends[0], sourceMax: ends[1], targetMin: 0n, targetMax: 0xffffn },
    call: { keyOffset: -4 * (choice & 7), eventData: 'pkt' },
  }
}

const PLACEMENT: NfpPlacement = { start: 100, done: 8000, helpers: new Map([1, 2, 3, 25].map((id) => [id, id])) }

/** Any instructions with any facts: words with good check bits, a refusal, or an error of the project's kind. */
export function fuzzOnce(input: Uint8Array): void {
  const slots = Math.floor(Math.max(0, input.length - FACT_BYTES) / SLOT_BYTES)
  const insns: readonly Insn[] = decodeInsns(input.subarray(0, slots * SLOT_BYTES))
  const rest = input.subarray(slots * SLOT_BYTES)
  const calls = insns.filter(({ opcode, src }) => opcode === 0x85 && src === 1).length
  for (const functions of new Set([1, calls + 1])) {
    const { translation, refusal } = translateNfp({
      type: (rest[0] ?? 0) % 2 === 0 ? PROG_TYPE.XDP : PROG_TYPE.SCHED_CLS,
      insns,
      facts: insns.map((_, pc) => factOf(rest[pc % Math.max(1, rest.length)] ?? 0)),
      stackDepths: Array.from({ length: functions }, () => 64),
      target: { maxWords: 2000 },
    })
    if (refusal !== undefined) continue
    if (!relocate(translation, PLACEMENT).every(checkEcc)) throw new Error('a word has wrong check bits')
  }
}

/** A chain of loads and stores as one read and one or two writes. */
import { accessBytes } from '@bpfoundry/isa'
import { gprA, gprBoth, type MemCommand, xfer } from '@bpfoundry/microcode'
import { extractBytes } from '../emit/byte-moves.ts'
import type { Emission } from '../emit/emission.ts'
import { high, low, TEMP_B } from '../emit/registers.ts'
import type { CopyChain, InsnRecord } from '../program/insn-record.ts'
import type { Lowering } from './lowering.ts'
import { wideAddress } from './memory-address.ts'
import { overrideLength } from './transfer-length.ts'

const WORD_BYTES = 4
/** Most that a command moves without an override: 8 words, or 8 bytes. */
const DIRECT_BYTES = 32
const DIRECT_SINGLE_BYTES = 8

export function copyChain({ emit }: Lowering, record: InsnRecord, chain: CopyChain): void {
  const words = Math.ceil(chain.lengthBytes / WORD_BYTES)
  read(emit, record, chain.lengthBytes, words)
  for (let word = 0; word < words; word++) emit.move(xfer(word), xfer(word))
  const right = emit.restricted(chain.store.off, TEMP_B)
  for (const write of writesOf(chain, words)) makeWrite(emit, chain.store, write, right)
  keepLastValue(emit, record, chain, words)
}

function read(emit: Emission, record: InsnRecord, bytes: number, words: number): void {
  const offset = emit.restricted(record.off, TEMP_B)
  const wide = record.fact.pointer?.kind === 'map_value'
  const place = wide ? wideAddress(emit, record.src, offset) : { left: gprA(low(record.src)), right: offset }
  const indirect = bytes > DIRECT_BYTES
  if (indirect) overrideLength(emit, words - 1)
  const mode = wide ? '40-ba' : '32'
  emit.memory({ command: 'read32_swap', mode, xfer: 0, ...place, count: words - 1, swap: 'swap', indirect })
}

/** One write: from a transfer register on, so many units (words or bytes, one less as stored). */
interface Write {
  readonly command: MemCommand
  readonly stored: number
  readonly indirect: boolean
  readonly fromWord: number
}

const words32 = (count: number, indirect: boolean): Write => {
  return { command: 'write32_swap', stored: count - 1, indirect, fromWord: 0 }
}
const bytes8 = (count: number, indirect: boolean, fromWord = 0): Write => {
  return { command: 'write8_swap', stored: count - 1, indirect, fromWord }
}

/**
 * | bytes | writes |
 * |---|---|
 * | to 8 | bytes |
 * | to 32, whole words | words |
 * | to 32 | bytes, with override |
 * | above, whole words | words, with override |
 * | to 40 | 8 words, then bytes |
 * | above | words with override, then bytes |
 */
function writesOf({ lengthBytes }: CopyChain, words: number): readonly Write[] {
  const whole = lengthBytes % WORD_BYTES === 0
  if (lengthBytes <= DIRECT_SINGLE_BYTES) return [bytes8(lengthBytes, false)]
  if (lengthBytes <= DIRECT_BYTES) return [whole ? words32(words, false) : bytes8(lengthBytes, true)]
  if (whole) return [words32(words, true)]
  if (lengthBytes <= DIRECT_BYTES + DIRECT_SINGLE_BYTES) {
    return [words32(8, false), bytes8(lengthBytes - DIRECT_BYTES, false, 8)]
  }
  return [words32(words - 1, true), bytes8(lengthBytes % WORD_BYTES, false, words - 1)]
}

function makeWrite(emit: Emission, store: InsnRecord, write: Write, start: ReturnType<Emission['restricted']>): void {
  if (write.indirect) overrideLength(emit, write.stored)
  const { command, stored: count, indirect, fromWord } = write
  const right = fromWord === 0 ? start : restOffset(emit, store, fromWord)
  const place = { mode: '32', left: gprA(low(store.dst)), right } as const
  emit.memory({ command, ...place, xfer: fromWord, count, swap: 'swap', indirect })
}

/** Offset of the bytes behind whole words. From the tenth word on the driver keeps eight bits of it. */
function restOffset(emit: Emission, store: InsnRecord, fromWord: number): ReturnType<Emission['restricted']> {
  const offset = store.off + fromWord * WORD_BYTES
  return emit.restricted(fromWord === 8 ? offset : offset & 0xff, TEMP_B)
}

/** The register of the last load keeps the value that it had without the copy. */
function keepLastValue(emit: Emission, { opcode, dst }: InsnRecord, chain: CopyChain, words: number): void {
  const { lengthBytes, descending } = chain
  const bytes = accessBytes(opcode)
  const last = descending ? 0 : words - (bytes > WORD_BYTES ? 2 : 1)
  const lowTo = gprBoth(low(dst))
  if (bytes === 1) {
    extractBytes(emit, lowTo, xfer(last), 1, lengthBytes % WORD_BYTES === 0 ? 3 : (lengthBytes % WORD_BYTES) - 1)
  } else if (bytes === 2) {
    extractBytes(emit, lowTo, xfer(last), 2, (lengthBytes % WORD_BYTES) ^ 2)
  } else if (bytes === 4) {
    // The driver takes the first word, whatever the direction: see docs/parity/jit-nfp.md.
    emit.move(lowTo, xfer(0))
  } else {
    emit.move(lowTo, xfer(last))
    emit.move(gprBoth(high(dst)), xfer(last + 1))
  }
  if (bytes !== 8) emit.load(gprBoth(high(dst)), 0)
}

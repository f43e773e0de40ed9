/** Loads from the packet whose bytes wait in transfer registers. */
import { accessBytes } from '@bpfoundry/isa'
import { gprA, gprBoth, xfer } from '@bpfoundry/microcode'
import { extractBytes, insertBytes } from '../emit/byte-moves.ts'
import { high, low, TEMP_B } from '../emit/registers.ts'
import type { CacheWindow, InsnRecord } from '../program/insn-record.ts'
import { type Lowering, zeroExtend } from './lowering.ts'
import { overrideLength } from './transfer-length.ts'

const WORD_BYTES = 4
/** Most that a command reads without an override. */
const DIRECT_BYTES = 32

export function loadFromWindow(to: Lowering, record: InsnRecord, window: CacheWindow): void {
  if (window.reads) readWindow(to, record, window)
  const bytes = accessBytes(record.opcode)
  const place = record.off - window.start
  const [first, within] = [Math.trunc(place / WORD_BYTES), place % WORD_BYTES]
  if (within === 0) takeAligned(to, record, bytes, first)
  else takeUnaligned(to, record, bytes, first, within)
  if (bytes <= WORD_BYTES) zeroExtend(to, record)
}

function readWindow({ emit }: Lowering, { src }: InsnRecord, { start, end }: CacheWindow): void {
  const right = emit.restricted(start, TEMP_B)
  const words = Math.ceil((end - start) / WORD_BYTES)
  const indirect = end - start > DIRECT_BYTES
  if (indirect) overrideLength(emit, words - 1)
  const place = { mode: '32', left: gprA(low(src)), right } as const
  emit.memory({ command: 'read32_swap', xfer: 0, ...place, count: words - 1, swap: 'swap', indirect })
}

function takeAligned({ emit }: Lowering, { dst }: InsnRecord, bytes: number, first: number): void {
  const lowTo = gprBoth(low(dst))
  if (bytes < WORD_BYTES) {
    extractBytes(emit, lowTo, xfer(first), bytes, 0)
    return
  }
  emit.move(lowTo, xfer(first))
  if (bytes > WORD_BYTES) emit.move(gprBoth(high(dst)), xfer(first + 1))
}

/**
 * The bytes begin within a word and may reach over two more.
 *
 * ```
 *   xfer first   xfer first+1   xfer first+2
 *   [..LLLL]     [MMMM....]     [HH......]
 *      `- low half's first bytes, its rest from the next word, and so on
 * ```
 */
function takeUnaligned({ emit }: Lowering, { dst }: InsnRecord, bytes: number, first: number, within: number): void {
  const lowTo = gprBoth(low(dst))
  const highTo = gprBoth(high(dst))
  const inFirst = Math.min(bytes, WORD_BYTES - within)
  extractBytes(emit, lowTo, xfer(first), inFirst, within)
  if (inFirst === bytes) return
  if (bytes <= WORD_BYTES) {
    insertBytes(emit, lowTo, xfer(first + 1), bytes - inFirst, inFirst)
    return
  }
  insertBytes(emit, lowTo, xfer(first + 1), WORD_BYTES - inFirst, inFirst)
  extractBytes(emit, highTo, xfer(first + 1), inFirst, WORD_BYTES - inFirst)
  insertBytes(emit, highTo, xfer(first + 2), WORD_BYTES - inFirst, inFirst)
}

/** Loads, by what their pointer is. */
import { accessBytes } from '@bpfoundry/isa'
import { ERRNO } from '@bpfoundry/kernel-abi'
import { gprA, gprBoth, NO_SHIFT, type Operand, xfer } from '@bpfoundry/microcode'
import { byteMask } from '../emit/byte-moves.ts'
import { low, TEMP_B } from '../emit/registers.ts'
import type { NfpPointerKind } from '../nfp-program.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import { loadContext } from './context-load.ts'
import { copyChain } from './copy.ts'
import { type Lower, type Lowering, zeroExtend } from './lowering.ts'
import { wideAddress } from './memory-address.ts'
import { loadFromWindow } from './packet-window.ts'
import { loadStack } from './stack-access.ts'

const WORD_BYTES = 4

/** Where the bytes of a load are. */
interface Place {
  readonly mode: '32' | '40-ba'
  readonly left: Operand
  readonly right: Operand
}

/** Reads whole words in the core's byte order; a field load keeps the bytes that are wanted. */
function loadWords(to: Lowering, record: InsnRecord, place: Place): void {
  const { emit } = to
  const bytes = accessBytes(record.opcode)
  const count = Math.max(bytes, WORD_BYTES) / WORD_BYTES - 1
  emit.memory({ command: 'read32_swap', xfer: 0, ...place, count, swap: 'swap' })
  const dst = low(record.dst)
  if (bytes < WORD_BYTES) emit.ldFieldClear(gprBoth(dst), byteMask(bytes), xfer(0), NO_SHIFT)
  else for (let word = 0; word <= count; word++) emit.move(gprBoth(dst + word), xfer(word))
  if (bytes <= WORD_BYTES) zeroExtend(to, record)
}

const loadPacket: Lower = (to, record) => {
  // An end of 0 is no window to the driver: see docs/parity/jit-nfp.md.
  if (record.window !== undefined && record.window.end !== 0) {
    loadFromWindow(to, record, record.window)
    return
  }
  const right = to.emit.restricted(record.off, TEMP_B)
  loadWords(to, record, { mode: '32', left: gprA(low(record.src)), right })
}

const loadMapValue: Lower = (to, record) => {
  const offset = to.emit.restricted(record.off, TEMP_B)
  loadWords(to, record, { mode: '40-ba', ...wideAddress(to.emit, record.src, offset) })
}

const LOADS: Readonly<Record<NfpPointerKind, Lower>> = {
  ctx: loadContext,
  pkt: loadPacket,
  fp: loadStack,
  map_value: loadMapValue,
}

/** dst = *(size *)(src + off) */
export const load: Lower = (to, record) => {
  const kind = record.fact.pointer?.kind
  if (record.chain !== undefined) copyChain(to, record, record.chain)
  else if (kind === undefined) to.emit.refuse(ERRNO.EOPNOTSUPP)
  else LOADS[kind](to, record)
}

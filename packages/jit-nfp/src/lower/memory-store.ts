/** Stores, by what their pointer is. Map values are read only: programs count in them by atomic adds. */
import { accessBytes, BPF_SIZE, BPF_W } from '@bpfoundry/isa'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { gprA, type Operand, xfer } from '@bpfoundry/microcode'
import { low, TEMP_B } from '../emit/registers.ts'
import type { InsnRecord } from '../program/insn-record.ts'
import type { Lower, Lowering } from './lowering.ts'
import { selectQueue } from './queue-select.ts'
import { storeStack } from './stack-access.ts'

const WORD_BYTES = 4

function writeBytes({ emit }: Lowering, { dst }: InsnRecord, bytes: number, right: Operand): void {
  const place = { mode: '32', left: gprA(low(dst)), right } as const
  emit.memory({ command: 'write8_swap', ...place, xfer: 0, count: bytes - 1, swap: 'swap' })
}

const storePacket: Lower = (to, record) => {
  const { emit } = to
  const bytes = accessBytes(record.opcode)
  const offset = emit.restricted(record.off, TEMP_B)
  for (let word = 0; word * WORD_BYTES < bytes; word++) emit.move(xfer(word), gprA(low(record.src) + word))
  writeBytes(to, record, bytes, offset)
}

const storeContext: Lower = (to, record) => {
  const selects = to.program.type === PROG_TYPE.XDP && BPF_SIZE(record.opcode) === BPF_W
  if (selects) selectQueue(to, record)
  else to.emit.refuse(ERRNO.EOPNOTSUPP)
}

const STORES: Readonly<Record<string, Lower>> = { pkt: storePacket, fp: storeStack, ctx: storeContext }

/** *(size *)(dst + off) = src */
export const store: Lower = (to, record) => {
  const lower = STORES[record.fact.pointer?.kind ?? '']
  if (lower === undefined) to.emit.refuse(ERRNO.EOPNOTSUPP)
  else lower(to, record)
}

/**
 * *(size *)(dst + off) = imm, into the packet only. Verifier hooks of 6.12 never note where such a store goes, so none
 * that the driver verified is translated: see docs/parity/jit-nfp.md.
 */
export const storeConstant: Lower = (to, record) => {
  const { emit } = to
  if (record.fact.pointer?.kind !== 'pkt') {
    emit.refuse(ERRNO.EOPNOTSUPP)
    return
  }
  const bytes = accessBytes(record.opcode)
  const offset = emit.restricted(record.off, TEMP_B)
  emit.load(xfer(0), record.imm)
  if (bytes > WORD_BYTES) emit.load(xfer(1), record.imm >> 31)
  writeBytes(to, record, bytes, offset)
}
